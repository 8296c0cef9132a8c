/* Writes of which a part fits without waiting: they come back when all of it is written. */
#include "check.h"

#include <sys/socket.h>
#include <sys/uio.h>

#define BYTES 100000

static void *take(void *end)
{
    static char bytes[4000];
    long sum = 0;
    ssize_t got;
    while ((got = read(*(int *)end, bytes, sizeof(bytes))) > 0)
        for (ssize_t i = 0; i < got; i++)
            sum += (unsigned char)bytes[i];
    return (void *)sum;
}

static char bytes[BYTES];

static void give(int end, int taken_from)
{
    void *sum;
    long expected = 0;
    pthread_t taker = start(take, &taken_from);
    struct iovec pieces[3] = {{bytes, 100}, {bytes + 100, BYTES / 2}, {bytes, 17}};
    for (int i = 0; i < 2; i++) {
        CHECK(write(end, bytes, 3) == 3);
        CHECK(write(end, bytes, BYTES) == BYTES);
        CHECK(writev(end, pieces, 3) == 100 + BYTES / 2 + 17);
    }
    CHECK(close(end) == 0);
    CHECK(pthread_join(taker, &sum) == 0);
    for (int i = 0; i < BYTES; i++)
        expected += 2 * (unsigned char)bytes[i] * (1 + (i < 3) + (i < 100 + BYTES / 2) + (i < 17));
    CHECK((long)sum == expected);
    printf("%ld\n", (long)sum);
}

int main(void)
{
    int ends[2];
    for (int i = 0; i < BYTES; i++)
        bytes[i] = (char)(i * 7 + getpid());
    CHECK(pipe(ends) == 0);
    give(ends[1], ends[0]);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    give(ends[1], ends[0]);
    return 0;
}
