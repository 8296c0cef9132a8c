/* inotify: events are read as structures of varying length. */
#include <sys/inotify.h>

#include "check.h"

int main(void)
{
    scratch_enter();
    int fd = inotify_init1(IN_NONBLOCK);
    CHECK(fd >= 0);
    int watch = inotify_add_watch(fd, ".", IN_CREATE | IN_MOVE | IN_DELETE);
    CHECK(watch >= 0);
    char buffer[1024] __attribute__((aligned(8)));
    CHECK(read(fd, buffer, sizeof buffer) == -1 && errno == EAGAIN);
    close(scratch_file("one", "", 0));
    CHECK(rename("one", "another") == 0 && unlink("another") == 0);
    ssize_t length = read(fd, buffer, sizeof buffer);
    int events = 0;
    for (ssize_t at = 0; at < length; events++) {
        struct inotify_event *event = (struct inotify_event *)(buffer + at);
        printf("mask %x cookie %u %s\n", event->mask, event->cookie, event->name);
        at += (ssize_t)sizeof *event + event->len;
    }
    CHECK(events == 4);
    CHECK(inotify_rm_watch(fd, watch) == 0);
    return 0;
}
