/* statfs and fstatfs: free blocks change from run to run. */
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "check.h"

int main(void)
{
    struct statfs by_name, by_fd;
    CHECK(statfs("/tmp", &by_name) == 0);
    int fd = open("/tmp", O_RDONLY);
    CHECK(fstatfs(fd, &by_fd) == 0);
    CHECK(by_name.f_type == by_fd.f_type && by_name.f_bsize == by_fd.f_bsize);
    struct statvfs portable;
    CHECK(statvfs("/tmp", &portable) == 0);
    CHECK(statfs("/proc", &by_fd) == 0 && by_fd.f_type == 0x9fa0);
    printf("%lu of %lu blocks free\n", (unsigned long)by_name.f_bfree,
           (unsigned long)by_name.f_blocks);
    return 0;
}
