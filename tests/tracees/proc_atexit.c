/* Handlers at exit run in reverse, and may change the status; _exit would run none. */
/* expect: 9 */
#include "check.h"

static void first(void)
{
    puts("first, so last");
    fflush(stdout);
    _exit(9);
}

static void second(void)
{
    printf("second: %d\n", (int)getpid());
}

int main(void)
{
    pid_t child;
    CHECK(atexit(first) == 0 && atexit(second) == 0);
    child = fork_flushed();
    if (child == 0)
        _exit(0); /* silent */
    check_child_ok(child);
    return 1;
}
