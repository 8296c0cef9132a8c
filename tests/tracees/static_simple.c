/* A statically linked program: no loader, another start, IRELATIVE relocations. */
/* flags: -static */
#include "check.h"

int main(int argc, char **argv)
{
    scratch_enter();
    int fd = scratch_file("file", "static", 6);
    char buffer[8] = "";
    CHECK(read(fd, buffer, 8) == 6);
    char *memory = malloc(1 << 20);
    memset(memory, 1, 1 << 20);
    printf("%s %d %p\n", buffer, (int)getpid(), (void *)memory);
    return 0;
}
