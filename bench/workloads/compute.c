/* Compute-bound: a sieve, a few seconds without a system call. */
#include <stdio.h>
#include <string.h>

#include "amount.h"

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
    long rounds = work_amount(argc, argv, 420);
    int count = 0;
    for (long i = 0; i < rounds; i++)
        count = count_primes();
    printf("%d primes\n", count);
    return 0;
}
