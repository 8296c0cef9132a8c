/* 300,000 writes of one byte to /dev/null. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    long count = argc > 1 ? atol(argv[1]) : 300000;
    int fd = open("/dev/null", O_WRONLY);
    for (long i = 0; i < count; i++)
        if (write(fd, "x", 1) != 1)
            return 1;
    return 0;
}
