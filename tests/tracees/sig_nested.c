/* Handlers inside handlers, three deep, each with a frame of its own. */
#include "check.h"

static volatile int depth, deepest;

static void handler(int number, siginfo_t *info, void *context)
{
    depth++;
    if (depth > deepest)
        deepest = depth;
    if (number == SIGUSR1)
        raise(SIGUSR2);
    if (number == SIGUSR2)
        raise(SIGALRM);
    if (number == SIGALRM && depth < 5)
        raise(SIGALRM); /* SA_NODEFER: at once, inside itself */
    depth--;
}

int main(void)
{
    handle(SIGUSR1, handler, 0);
    handle(SIGUSR2, handler, 0);
    handle(SIGALRM, handler, SA_NODEFER);
    raise(SIGUSR1);
    CHECK(depth == 0 && deepest == 5);
    printf("%p\n", (void *)&handler);
    return 0;
}
