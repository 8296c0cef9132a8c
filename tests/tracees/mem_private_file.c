/* A private mapping of a file: its pages are the file's until they are written. */
#include "check.h"

int main(void)
{
    scratch_enter();
    char content[8192 + 100];
    memset(content, 'f', sizeof content);
    int fd = scratch_file("file", content, sizeof content);
    char *map = mmap(NULL, sizeof content, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    CHECK(map != MAP_FAILED);
    CHECK(close(fd) == 0 && unlink("file") == 0); /* the file goes, the mapping stays */
    CHECK(map[0] == 'f' && map[8191 + 100] == 'f' && map[8192 + 100] == 0);
    map[5000] = 'w';
    char *second = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_POPULATE,
                        open("/proc/self/exe", O_RDONLY), 0);
    CHECK(memcmp(second, "\177ELF", 4) == 0);
    printf("at %p, sum %d\n", (void *)map, map[5000] + map[4096]);
    return 0;
}
