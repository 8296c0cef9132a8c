/* A call through the vsyscall page gives a seccomp stop without an exit stop. Not recorded yet. */
/* modes: native */
#include <setjmp.h>

#include "check.h"

static sigjmp_buf back;

static void fault(int number, siginfo_t *info, void *context)
{
    siglongjmp(back, 1);
}

int main(void)
{
    handle(SIGSEGV, fault, 0);
    if (sigsetjmp(back, 1)) {
        puts("no vsyscall page here");
        return 0;
    }
    time_t (*function)(time_t *) = (time_t(*)(time_t *))0xffffffffff600400;
    time_t now = function(NULL);
    CHECK(now >= 1000000000 && now <= time(NULL));
    printf("%ld\n", (long)now);
    return 0;
}
