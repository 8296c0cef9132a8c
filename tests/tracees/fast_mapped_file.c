/* Writes to a file without stops, before it is mapped and after: memory shows them. */
#include "check.h"

int main(void)
{
    scratch_enter();
    int fd = open("file", O_RDWR | O_CREAT | O_EXCL, 0600);
    char page[4096];
    CHECK(fd >= 0);
    memset(page, 'a', sizeof(page));
    for (int i = 0; i < 20; i++)
        CHECK(write(fd, page, sizeof(page)) == sizeof(page));
    char *shared = mmap(NULL, sizeof(page), PROT_READ, MAP_SHARED, fd, 0);
    char *private = mmap(NULL, sizeof(page), PROT_READ, MAP_PRIVATE, fd, 4096);
    CHECK(shared != MAP_FAILED && private != MAP_FAILED);
    for (int i = 0; i < 20; i++) {
        char byte = (char)(getpid() + i);
        CHECK(pwrite(fd, &byte, 1, i) == 1 && pwrite(fd, &byte, 1, 4096 + i) == 1);
        CHECK(shared[i] == byte && private[i] == byte);
    }
    int other = open("file", O_WRONLY);
    CHECK(other >= 0 && write(other, "zz", 2) == 2 && shared[1] == 'z');
    CHECK(dup2(other, fd) == fd && pwrite(fd, "y", 1, 2) == 1 && shared[2] == 'y');
    printf("%.20s\n", shared);
    return 0;
}
