/* eventfd: a counter and a semaphore. */
#include <sys/eventfd.h>

#include "check.h"

static void *post(void *fd)
{
    sleep_ms(5);
    CHECK(eventfd_write(*(int *)fd, (eventfd_t)getpid()) == 0);
    return NULL;
}

int main(void)
{
    eventfd_t value;
    int fd = eventfd(3, EFD_NONBLOCK), semaphore = eventfd(2, EFD_SEMAPHORE), waiting;
    CHECK(eventfd_write(fd, 4) == 0 && eventfd_read(fd, &value) == 0 && value == 7);
    CHECK(eventfd_read(fd, &value) == -1 && errno == EAGAIN);
    CHECK(eventfd_read(semaphore, &value) == 0 && value == 1);
    waiting = eventfd(0, 0);
    pthread_t thread = start(post, &waiting);
    CHECK(eventfd_read(waiting, &value) == 0 && value == (eventfd_t)getpid());
    join(thread);
    printf("%lu\n", value);
    return 0;
}
