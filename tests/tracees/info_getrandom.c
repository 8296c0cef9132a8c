/* Random bytes from the call and from the device. */
#include <sys/random.h>

#include "check.h"

int main(void)
{
    unsigned char bytes[33];
    bytes[32] = 0x5a;
    CHECK(getrandom(bytes, 16, 0) == 16);
    int fd = open("/dev/urandom", O_RDONLY);
    CHECK(read(fd, bytes + 16, 16) == 16);
    CHECK(bytes[32] == 0x5a);
    CHECK(getrandom(bytes, 1, 0xffff) == -1 && errno == EINVAL);
    for (int i = 0; i < 32; i++)
        printf("%02x", bytes[i]);
    uint64_t entropy;
    CHECK(getentropy(&entropy, 8) == 0);
    printf(" %lx\n", entropy);
    return 0;
}
