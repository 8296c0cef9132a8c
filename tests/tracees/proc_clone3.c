/* clone3, and clone with a stack, by hand: memory shared, the child's end written by the kernel. */
#include <linux/sched.h>
#include <sched.h>

#include "check.h"

static int ended;

static int child_function(void *value)
{
    *(volatile int *)value = getpid();
    return 4;
}

int main(void)
{
    static char stack[65536] __attribute__((aligned(16)));
    volatile int value = 0;
    ended = 1;
    fflush(stdout);
    int parent_tid = 0;
    pid_t child = clone(child_function, stack + sizeof stack,
                        CLONE_VM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD,
                        (void *)&value, &parent_tid, NULL, &ended);
    CHECK(child > 0 && parent_tid == child);
    CHECK(WEXITSTATUS(wait_status(child)) == 4);
    CHECK(value == child && *(volatile int *)&ended == 0);

    int pidfd = -1;
    struct clone_args arguments = {
        .flags = CLONE_PIDFD, .pidfd = (uintptr_t)&pidfd, .exit_signal = SIGCHLD};
    long second = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (second == 0)
        _exit(6);
    if (second > 0) {
        CHECK(pidfd >= 0 && WEXITSTATUS(wait_status((pid_t)second)) == 6);
    } else {
        CHECK(errno == ENOSYS);
    }
    printf("%d %ld\n", (int)child, second);
    return 0;
}
