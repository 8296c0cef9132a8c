/* exec by the first thread while others are inside calls: they go. */
#include "check.h"

static int never[2];

static void *wait_forever(void *unused)
{
    char byte;
    CHECK(read(never[0], &byte, 1) == 1);
    return unused;
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        CHECK(atoi(argv[1]) == getpid() && getpid() == gettid());
        DIR *tasks = opendir("/proc/self/task");
        int count = 0;
        for (struct dirent *entry; (entry = readdir(tasks));)
            count += entry->d_name[0] != '.';
        CHECK(count == 1);
        printf("after exec: %s\n", argv[1]);
        return 0;
    }
    CHECK(pipe(never) == 0);
    for (int i = 0; i < 3; i++)
        start(wait_forever, NULL);
    sleep_ms(2);
    char pid[16];
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    execl("/proc/self/exe", argv[0], pid, (char *)NULL);
    CHECK(!"exec failed");
    return 1;
}
