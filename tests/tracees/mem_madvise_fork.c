/* MADV_DONTFORK and MADV_WIPEONFORK: a child that does not get its parent's memory as it is. */
#include <setjmp.h>

#include "check.h"

static sigjmp_buf back;

static void fault(int number, siginfo_t *info, void *context)
{
    siglongjmp(back, 1);
}

int main(void)
{
    char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(map, 'p', 8192);
    CHECK(madvise(map, 4096, MADV_DONTFORK) == 0);
    CHECK(madvise(map + 4096, 4096, MADV_WIPEONFORK) == 0);
    pid_t child = fork_flushed();
    if (child == 0) {
        CHECK(map[4096] == 0);
        handle(SIGSEGV, fault, 0);
        if (sigsetjmp(back, 1) == 0)
            _exit(((volatile char *)map)[0]);
        _exit(0);
    }
    check_child_ok(child);
    CHECK(map[0] == 'p' && map[4096] == 'p');
    printf("%d\n", (int)child);
    return 0;
}
