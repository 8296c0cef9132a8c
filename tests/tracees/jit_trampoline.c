/* Trampolines of nested functions, on an executable stack. */
#include "check.h"

static int apply(int (*function)(int), int value)
{
    return function(value);
}

static long sum_with(int factor)
{
    long sum = 0;
    int multiply(int value)
    {
        sum += value;
        return value * factor;
    }
    for (int i = 0; i < 50; i++)
        CHECK(apply(multiply, i) == i * factor);
    return sum * factor;
}

int main(void)
{
    long sum = 0;
    for (int i = 0; i < 30; i++)
        sum += sum_with(i);
    CHECK(sum == 435L * 1225);
    printf("%ld\n", sum);
    return 0;
}
