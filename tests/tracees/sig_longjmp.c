/* siglongjmp out of a handler: its frame is never returned from. */
#include <setjmp.h>

#include "check.h"

static sigjmp_buf back;

static void handler(int number, siginfo_t *info, void *context)
{
    siglongjmp(back, number);
}

int main(void)
{
    volatile int jumps = 0;
    handle(SIGUSR1, handler, 0);
    handle(SIGSEGV, handler, 0);
    while (jumps < 20) {
        int number = sigsetjmp(back, 1);
        if (number == 0) {
            if (jumps % 2)
                *(volatile int *)16 = 1;
            else
                raise(SIGUSR1);
            CHECK(!"no jump");
        }
        CHECK(number == (jumps % 2 ? SIGSEGV : SIGUSR1));
        jumps++;
    }
    printf("%d jumps at %p\n", jumps, (void *)&back);
    return 0;
}
