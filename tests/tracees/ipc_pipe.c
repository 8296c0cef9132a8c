/* pipe and pipe2: what is there is read, the end is seen, a full pipe refuses or takes a part. */
#include "check.h"

int main(void)
{
    int pair[2];
    char buffer[64] = "";
    CHECK(pipe(pair) == 0);
    CHECK(write(pair[1], "one", 3) == 3 && write(pair[1], "two", 3) == 3);
    CHECK(read(pair[0], buffer, 64) == 6 && strcmp(buffer, "onetwo") == 0);
    CHECK(close(pair[1]) == 0 && read(pair[0], buffer, 64) == 0);
    CHECK(pipe2(pair, O_NONBLOCK | O_CLOEXEC) == 0 && fcntl(pair[0], F_GETFD) == FD_CLOEXEC);
    CHECK(read(pair[0], buffer, 64) == -1 && errno == EAGAIN);
    static char much[1 << 20];
    ssize_t room = write(pair[1], much, sizeof much);
    CHECK(room > 0 && room < (ssize_t)sizeof much);
    CHECK(write(pair[1], much, 1) == -1 && errno == EAGAIN);
    CHECK(fcntl(pair[0], F_GETPIPE_SZ) == room);
    printf("%d %d %zd\n", pair[0], pair[1], room);
    return 0;
}
