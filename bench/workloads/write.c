/* 1,000,000 writes of one byte to a regular file, in the directory where it runs (below $TMPDIR).
 */
#include <fcntl.h>
#include <unistd.h>

#include "amount.h"

int main(int argc, char **argv)
{
    long count = work_amount(argc, argv, 1000000);
    int fd = open("written", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    for (long i = 0; i < count; i++)
        if (write(fd, "x", 1) != 1)
            return 1;
    return 0;
}
