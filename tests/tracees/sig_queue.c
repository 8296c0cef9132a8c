/* Queued signals bring values, in order. */
#include "check.h"

static volatile int values[3], count;

static void handler(int number, siginfo_t *info, void *context)
{
    CHECK(info->si_code == SI_QUEUE && info->si_pid == getpid() && info->si_uid == getuid());
    values[count++] = info->si_value.sival_int;
}

int main(void)
{
    handle(SIGRTMIN + 1, handler, 0);
    sigset_t set = set_of(SIGRTMIN + 1);
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    for (int i = 0; i < 3; i++)
        CHECK(sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = 10 * i + getpid()}) ==
              0);
    CHECK(count == 0);
    CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0 && count == 3);
    CHECK(values[0] == getpid() && values[2] == values[0] + 20);
    printf("%d %d %d\n", values[0], values[1], values[2]);
    return 0;
}
