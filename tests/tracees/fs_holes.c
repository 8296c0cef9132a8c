/* lseek with SEEK_HOLE and SEEK_DATA. */
#include "check.h"

int main(void)
{
    scratch_enter();
    int fd = scratch_file("file", "", 0);
    off_t far = 1 << 20;
    CHECK(pwrite(fd, "data", 4, far) == 4);
    off_t data = lseek(fd, 0, SEEK_DATA);
    off_t hole = lseek(fd, data, SEEK_HOLE);
    CHECK(data >= 0 && data <= far && hole == far + 4);
    CHECK(lseek(fd, far + 4, SEEK_DATA) == -1 && errno == ENXIO);
    CHECK(lseek(fd, -1, SEEK_SET) == -1 && errno == EINVAL);
    CHECK(lseek(fd, -4, SEEK_END) == far);
    printf("data from %ld\n", (long)data);
    return 0;
}
