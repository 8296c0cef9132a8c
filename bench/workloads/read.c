/* 300,000 reads of one byte from a regular file. */
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    long count = argc > 1 ? atol(argv[1]) : 300000;
    char path[] = "/tmp/reel-bench-XXXXXX", byte = 'x';
    int fd = mkstemp(path);
    if (fd < 0 || unlink(path) < 0 || write(fd, &byte, 1) != 1)
        return 1;
    for (long i = 0; i < count; i++)
        if (pread(fd, &byte, 1, 0) != 1)
            return 1;
    return 0;
}
