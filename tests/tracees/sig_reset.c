/* SA_RESETHAND: the second signal finds the default action. */
#include "check.h"

static volatile int handled;

static void handler(int number, siginfo_t *info, void *context)
{
    handled++;
}

int main(void)
{
    handle(SIGURG, handler, SA_RESETHAND);
    raise(SIGURG);
    raise(SIGURG); /* ignored by default */
    CHECK(handled == 1);
    struct sigaction action;
    CHECK(sigaction(SIGURG, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
    CHECK(sigaction(SIGKILL, &action, NULL) == -1 && errno == EINVAL);
    printf("%d\n", (int)getpid());
    return 0;
}
