/* 1,000,000 reads of one byte from /dev/zero. */
#include <fcntl.h>
#include <unistd.h>

#include "amount.h"

int main(int argc, char **argv)
{
    long count = work_amount(argc, argv, 1000000);
    int fd = open("/dev/zero", O_RDONLY);
    char byte;
    for (long i = 0; i < count; i++)
        if (read(fd, &byte, 1) != 1)
            return 1;
    return 0;
}
