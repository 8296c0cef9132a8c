/* A read of 8 MB in one call: larger than a frame of the trace, a pipe, or a cache. */
#include "check.h"

enum { SIZE = 8 << 20 };

int main(void)
{
    scratch_enter();
    uint32_t *data = malloc(SIZE), *copy = malloc(SIZE);
    uint32_t seed = (uint32_t)getpid();
    for (size_t i = 0; i < SIZE / 4; i++)
        data[i] = seed = seed * 1664525 + 1013904223;
    int fd = scratch_file("file", data, SIZE);
    CHECK(read(fd, copy, SIZE) == SIZE);
    CHECK(memcmp(data, copy, SIZE) == 0);
    printf("last word %08x\n", copy[SIZE / 4 - 1]);
    return 0;
}
