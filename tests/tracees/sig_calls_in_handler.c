/* A handler that makes calls while the interrupted call is to be restarted. */
#include "check.h"

static volatile int handled;
static int fd;

static void handler(int number, siginfo_t *info, void *context)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%d\n", (int)info->si_pid);
    CHECK(write(fd, text, (size_t)length) == length);
    handled++;
}

int main(void)
{
    scratch_enter();
    fd = scratch_file("file", "", 0);
    handle(SIGUSR1, handler, SA_RESTART);
    pid_t child = fork_flushed();
    if (child == 0) {
        for (int i = 0; i < 5; i++) {
            sleep_ms(5);
            kill(getppid(), SIGUSR1);
        }
        sleep_ms(5);
        _exit(3);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 3); /* restarted */
    char text[16] = "";
    CHECK(handled >= 1 && pread(fd, text, 15, 0) > 0 && atoi(text) == child);
    printf("%d from %d\n", handled, (int)child);
    return 0;
}
