/* A buffer on the stack far below what has been touched is filled by read(): it is the kernel whose
 * write makes the stack's mapping grow. */
#include "check.h"

static ssize_t __attribute__((noinline)) read_deep(int fd)
{
    char buffer[2 << 20];
    ssize_t length = read(fd, buffer, 100);
    CHECK(length == 100 && buffer[0] == 's' && buffer[99] == 's');
    CHECK(((uintptr_t)buffer & 15) == 0);
    printf("buffer at %p, %p\n", (void *)buffer, (void *)&length);
    return length;
}

int main(void)
{
    scratch_enter();
    char content[100];
    memset(content, 's', sizeof content);
    int fd = scratch_file("file", content, sizeof content);
    CHECK(read_deep(fd) == 100);
    return 0;
}
