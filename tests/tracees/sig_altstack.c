/* A handler on the alternate stack, which is shown to be in use meanwhile. */
#include "check.h"

static char area[32768];
static volatile int handled;

static void handler(int number, siginfo_t *info, void *context)
{
    stack_t now;
    CHECK((char *)&now > area && (char *)&now < area + sizeof area);
    CHECK(sigaltstack(NULL, &now) == 0 && now.ss_flags == SS_ONSTACK);
    handled = 1;
}

int main(void)
{
    stack_t stack = {.ss_sp = area, .ss_size = sizeof area}, old;
    CHECK(sigaltstack(&stack, &old) == 0 && old.ss_flags == SS_DISABLE);
    handle(SIGUSR1, handler, SA_ONSTACK);
    raise(SIGUSR1);
    CHECK(handled == 1);
    stack.ss_size = 1;
    CHECK(sigaltstack(&stack, NULL) == -1 && errno == ENOMEM);
    CHECK(sigaltstack(NULL, &old) == 0 && old.ss_flags == 0 && old.ss_sp == area);
    printf("%p\n", old.ss_sp);
    return 0;
}
