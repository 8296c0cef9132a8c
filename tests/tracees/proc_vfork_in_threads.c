/* vfork while other threads wake each other: the turn must not be lost before there is a child. */
#include "check.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile int done;

static void *contend(void *unused)
{
    while (!done) {
        pthread_mutex_lock(&mutex);
        usleep(100);
        pthread_mutex_unlock(&mutex);
    }
    return unused;
}

static int spawn(int status)
{
    pid_t pid = vfork();
    if (pid == 0)
        _exit(status);
    CHECK(pid > 0);
    return wait_status(pid);
}

int main(void)
{
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        threads[i] = start(contend, NULL);
    for (int i = 0; i < 40; i++) {
        pthread_mutex_lock(&mutex);
        pthread_mutex_unlock(&mutex);
        int status = spawn(i);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == i);
    }
    done = 1;
    for (int i = 0; i < 3; i++)
        join(threads[i]);
    printf("%d\n", (int)getpid());
    return 0;
}
