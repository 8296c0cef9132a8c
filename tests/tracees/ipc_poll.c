/* poll and ppoll: results in the structures, timeouts, the mask for the time of the call. */
#include <poll.h>

#include "check.h"

static volatile int handled;

static void handler(int number, siginfo_t *info, void *context)
{
    handled++;
}

int main(void)
{
    int pair[2];
    CHECK(pipe(pair) == 0);
    struct pollfd fds[] = {{pair[0], POLLIN, 0}, {pair[1], POLLOUT, 0}, {99, POLLIN, 0}};
    CHECK(poll(fds, 3, 1000) == 2);
    CHECK(fds[0].revents == 0 && fds[1].revents == POLLOUT && fds[2].revents == POLLNVAL);
    int64_t before = now_ms();
    CHECK(poll(fds, 1, 20) == 0 && now_ms() - before >= 19);
    handle(SIGUSR1, handler, 0);
    sigset_t set = set_of(SIGUSR1), none;
    sigemptyset(&none);
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0 && raise(SIGUSR1) == 0 && handled == 0);
    struct timespec wait = {5, 0};
    CHECK(ppoll(fds, 1, &wait, &none) == -1 && errno == EINTR && handled == 1);
    CHECK(write(pair[1], "x", 1) == 1);
    CHECK(ppoll(fds, 1, &wait, &none) == 1 && fds[0].revents == POLLIN);
    CHECK(close(pair[1]) == 0);
    char byte;
    CHECK(read(pair[0], &byte, 1) == 1 && poll(fds, 1, -1) == 1 && fds[0].revents == POLLHUP);
    printf("%d\n", (int)getpid());
    return 0;
}
