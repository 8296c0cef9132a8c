/* Compute-bound: a sieve, a few seconds without a system call. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT 2000000

static char composite[LIMIT];

static int count_primes(void)
{
    int count = 0;
    memset(composite, 0, sizeof(composite));
    for (int i = 2; i < LIMIT; i++) {
        if (composite[i])
            continue;
        count++;
        for (long j = (long)i * i; j < LIMIT; j += i)
            composite[j] = 1;
    }
    return count;
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 420, count = 0;
    for (int i = 0; i < rounds; i++)
        count = count_primes();
    printf("%d primes\n", count);
    return 0;
}
