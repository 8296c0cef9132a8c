/* The address and the code that a SIGSEGV brings: no mapping, no permission, non-canonical. */
#include <setjmp.h>
#include <ucontext.h>

#include "check.h"

static sigjmp_buf back;
static siginfo_t last;

static void handler(int number, siginfo_t *info, void *context)
{
    last = *info;
    siglongjmp(back, 1);
}

static void touch(uintptr_t address)
{
    if (sigsetjmp(back, 1) == 0) {
        *(volatile char *)address = 1;
        CHECK(!"no fault");
    }
}

int main(void)
{
    handle(SIGSEGV, handler, 0);
    touch(0x1234);
    CHECK(last.si_code == SEGV_MAPERR && last.si_addr == (void *)0x1234);
    touch((uintptr_t)main);
    CHECK(last.si_code == SEGV_ACCERR && last.si_addr == (void *)main);
    touch(0x8000000000000000);
    CHECK(last.si_code == SI_KERNEL && last.si_addr == NULL);
    printf("%p\n", (void *)main);
    return 0;
}
