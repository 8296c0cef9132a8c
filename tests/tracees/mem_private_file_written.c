/* A write to a file is seen at once in the pages of a private mapping that have not been written:
 * a call changes memory that is not among its arguments. */
#include "check.h"

int main(void)
{
    scratch_enter();
    char content[8192];
    memset(content, 'f', sizeof content);
    int fd = scratch_file("file", content, sizeof content);
    char *map = mmap(NULL, sizeof content, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    map[4096] = 'm';
    char text[16];
    snprintf(text, sizeof text, "by %d", (int)getpid());
    CHECK(pwrite(fd, text, strlen(text), 0) == (ssize_t)strlen(text));
    CHECK(pwrite(fd, text, strlen(text), 4096) == (ssize_t)strlen(text));
    CHECK(memcmp(map, text, strlen(text)) == 0);
    CHECK(map[4096] == 'm' && map[4097] == 'f');
    printf("%.10s\n", map);
    return 0;
}
