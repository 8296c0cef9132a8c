/* MAP_FIXED over the middle of a mapping cuts it in three. */
#include "check.h"

int main(void)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    char *map = mmap(NULL, 5 * 4096, PROT_READ | PROT_WRITE, flags, -1, 0);
    CHECK(map != MAP_FAILED);
    memset(map, 'a', 5 * 4096);
    CHECK(mmap(map + 4096, 8192, PROT_READ | PROT_WRITE, flags | MAP_FIXED, -1, 0) == map + 4096);
    CHECK(map[4095] == 'a' && map[4096] == 0 && map[3 * 4096 - 1] == 0 && map[3 * 4096] == 'a');
    int fd = open("/proc/self/exe", O_RDONLY);
    CHECK(mmap(map + 8192, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0) == map + 8192);
    CHECK(memcmp(map + 8192, "\177ELF", 4) == 0 && map[3 * 4096] == 'a');
    printf("%p\n", (void *)map);
    return 0;
}
