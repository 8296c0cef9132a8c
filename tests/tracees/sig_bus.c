/* SIGBUS: a page of a mapping that lies past the end of its file. */
#include "check.h"

static char *map;
static int fd;
static volatile int faults;

static void handler(int number, siginfo_t *info, void *context)
{
    CHECK(info->si_code == BUS_ADRERR && info->si_addr == map + 4096);
    CHECK(ftruncate(fd, 8192) == 0);
    faults++;
}

int main(void)
{
    scratch_enter();
    fd = scratch_file("file", "content", 7);
    map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    handle(SIGBUS, handler, 0);
    CHECK(map[100] == 0);
    map[4096] = 'x';
    CHECK(faults == 1);
    char byte;
    CHECK(pread(fd, &byte, 1, 4096) == 1 && byte == 'x');
    printf("%p\n", (void *)map);
    return 0;
}
