#include <stdio.h>

int main(void) {
    puts("listening on 9999, in spirit");
    return 0;
}
