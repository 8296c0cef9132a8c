/* 300,000 of the cheapest system call. */
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    long count = argc > 1 ? atol(argv[1]) : 300000;
    for (long i = 0; i < count; i++)
        getppid();
    return 0;
}
