/* The stack overflows; a handler on the alternate stack sees it and jumps out. */
#include <setjmp.h>
#include <sys/resource.h>

#include "check.h"

static sigjmp_buf back;
static char alternate[65536];
static volatile int faults;

static void fault(int number, siginfo_t *info, void *context)
{
    char here;
    CHECK(&here >= alternate && &here < alternate + sizeof alternate);
    faults++;
    siglongjmp(back, 1);
}

static int descend(int depth)
{
    volatile char frame[1024];
    frame[depth % 1024] = 1;
    return depth < 0 ? 0 : descend(depth + 1) + frame[depth % 1024];
}

int main(void)
{
    struct rlimit limit = {1 << 20, 1 << 20};
    CHECK(setrlimit(RLIMIT_STACK, &limit) == 0);
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    CHECK(sigaltstack(&stack, NULL) == 0);
    handle(SIGSEGV, fault, SA_ONSTACK);
    for (volatile int i = 0; i < 2; i++)
        if (sigsetjmp(back, 1) == 0)
            descend(0);
    CHECK(faults == 2);
    printf("%d overflows, near %p\n", faults, (void *)&limit);
    return 0;
}
