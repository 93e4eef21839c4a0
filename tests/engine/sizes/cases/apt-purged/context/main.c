#include <stdio.h>

int main(void)
{
    int lines = 0, character;
    while ((character = getchar()) != EOF)
        lines += character == '\n';
    printf("%d\n", lines);
    return 0;
}
