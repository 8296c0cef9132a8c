/* Compute-bound, with calls through pointers: a small machine that computes Fibonacci numbers. */
#include <stdio.h>

#include "amount.h"

struct machine {
    long stack[256], *top;
    const unsigned char *next;
};

static void push_next(struct machine *machine)
{
    *machine->top++ = *machine->next++;
}

static void add(struct machine *machine)
{
    machine->top--;
    machine->top[-1] += *machine->top;
}

static void subtract(struct machine *machine)
{
    machine->top--;
    machine->top[-1] -= *machine->top;
}

static void copy(struct machine *machine)
{
    *machine->top = machine->top[-1];
    machine->top++;
}

static void swap(struct machine *machine)
{
    long value = machine->top[-1];
    machine->top[-1] = machine->top[-2];
    machine->top[-2] = value;
}

static void run(struct machine *machine);

/* fib(n) = n < 2 ? n : fib(n - 1) + fib(n - 2) */
static void call(struct machine *machine)
{
    static const unsigned char body[] = {3, 0, 1, 2, 5, 4, 0, 2, 2, 5, 1, 6};
    const unsigned char *back = machine->next;
    if (machine->top[-1] < 2)
        return;
    machine->next = body;
    run(machine);
    machine->next = back;
}

static void (*const operations[])(struct machine *) = {push_next, add, subtract, copy, swap, call};

static void run(struct machine *machine)
{
    while (*machine->next < sizeof(operations) / sizeof(operations[0]))
        operations[*machine->next++](machine);
}

int main(int argc, char **argv)
{
    static const unsigned char program[] = {5, 6};
    long rounds = work_amount(argc, argv, 75), sum = 0;
    for (long i = 0; i < rounds; i++) {
        struct machine machine = {.next = program};
        machine.top = machine.stack;
        *machine.top++ = 27;
        run(&machine);
        sum += machine.top[-1];
    }
    printf("%ld\n", sum);
    return 0;
}
