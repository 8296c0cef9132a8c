/* A read of 8 MB while another thread lives: the recorder cannot let the kernel write into the
 * buffer at any moment, and its scratch memory must hold it, or the call be cut short. */
#include "check.h"

enum { SIZE = 8 << 20 };
static int done[2];

static void *other(void *unused)
{
    char byte;
    CHECK(read(done[0], &byte, 1) == 1);
    return unused;
}

int main(void)
{
    scratch_enter();
    CHECK(pipe(done) == 0);
    pthread_t thread = start(other, NULL);
    unsigned char *data = malloc(SIZE), *copy = malloc(SIZE);
    size_t run = (size_t)getpid() % 3;
    for (size_t i = 0; i < SIZE; i++)
        data[i] = (unsigned char)(i * 7 + run * (i % 4096 == 0));
    int fd = scratch_file("file", data, SIZE);
    size_t got = 0;
    while (got < SIZE) {
        ssize_t part = read(fd, copy + got, SIZE - got);
        CHECK(part > 0);
        got += (size_t)part;
    }
    CHECK(memcmp(data, copy, SIZE) == 0);
    CHECK(write(done[1], "", 1) == 1);
    join(thread);
    printf("%u %u\n", copy[4096], copy[SIZE - 1]);
    return 0;
}
