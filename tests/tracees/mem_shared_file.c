/* A shared mapping of a file: writes to memory reach the file, writes to the file reach memory. */
#include "check.h"

int main(void)
{
    scratch_enter();
    int fd = scratch_file("file", "", 0);
    CHECK(ftruncate(fd, 8192) == 0);
    char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(map != MAP_FAILED);
    strcpy(map + 4096, "from memory");
    char buffer[16];
    CHECK(pread(fd, buffer, 12, 4096) == 12 && strcmp(buffer, "from memory") == 0);
    snprintf(buffer, sizeof buffer, "pid %d", (int)getpid());
    CHECK(pwrite(fd, buffer, 16, 100) == 16);
    CHECK(strcmp(map + 100, buffer) == 0);
    CHECK(msync(map, 8192, MS_SYNC) == 0);
    puts(map + 100);
    CHECK(munmap(map, 8192) == 0);
    return 0;
}
