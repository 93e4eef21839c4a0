#include <stdio.h>

int main(void) {
    int c, column = 0;
    while ((c = getchar()) != EOF)
        printf("%02x%c", c, ++column % 16 ? ' ' : '\n');
    return 0;
}
