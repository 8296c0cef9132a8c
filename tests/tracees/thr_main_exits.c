/* The first thread ends while others live: its end is an event of its own, the process goes on. */
#include "check.h"

static pthread_t main_thread;

static void *worker(void *unused)
{
    join(main_thread);
    sleep_ms(10);
    printf("thread %d of %d\n", (int)gettid(), (int)getpid());
    exit(0);
}

int main(void)
{
    main_thread = pthread_self();
    start(worker, NULL);
    pthread_exit(NULL);
}
