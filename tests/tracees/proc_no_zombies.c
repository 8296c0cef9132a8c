/* With SIGCHLD ignored children leave nothing; wait() returns when the last has gone. */
#include "check.h"

int main(void)
{
    signal(SIGCHLD, SIG_IGN);
    for (int i = 0; i < 5; i++)
        if (fork_flushed() == 0) {
            sleep_ms(5);
            _exit(i);
        }
    CHECK(wait(NULL) == -1 && errno == ECHILD);
    printf("%d\n", (int)getpid());
    return 0;
}
