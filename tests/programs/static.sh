# A statically linked C program.
command=(./program)
needs=(gcc)
setup() {
    cat >program.c <<'SOURCE'
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
int main(void)
{
    char *block[100];
    for (int i = 0; i < 100; i++)
        block[i] = malloc((size_t)i * 1000 + 1);
    for (int i = 0; i < 100; i++)
        free(block[i]);
    printf("%d %ld %p\n", getpid(), (long)time(NULL), (void *)block[7]);
    return 0;
}
SOURCE
    gcc -static -o program program.c
}
