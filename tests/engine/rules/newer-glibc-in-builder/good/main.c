#include <stdlib.h>

int main(int count, char **words) {
    return count > 1 && strtol(words[1], NULL, 10) == 5 ? 0 : 1;
}
