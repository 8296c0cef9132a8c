/* Writes 1,000 times, without waiting for anybody, and is killed. */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

int main(void)
{
    int fd = open("/dev/null", O_WRONLY);
    for (int i = 0; i < 1000; i++)
        if (write(fd, "x", 1) != 1)
            return 1;
    return kill(getpid(), SIGKILL);
}
