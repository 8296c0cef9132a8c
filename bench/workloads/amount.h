/*
 * How much a workload does: `whole`, or what the command line says, divided by $BENCH_DIVISOR
 * (bench/run --divide), at least 1.
 */
#pragma once

#include <stdlib.h>

static inline long work_amount(int argc, char **argv, long whole)
{
    const char *divisor = getenv("BENCH_DIVISOR");
    long amount = argc > 1 ? atol(argv[1]) : whole;
    long by = divisor ? atol(divisor) : 1;
    return by > 1 && amount >= by ? amount / by : by > 1 ? 1 : amount;
}
