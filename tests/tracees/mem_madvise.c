/* madvise(MADV_DONTNEED): anonymous pages are zero afterwards, private file pages the file's. */
#include "check.h"

int main(void)
{
    scratch_enter();
    char content[8192];
    memset(content, 'f', sizeof content);
    int fd = scratch_file("file", content, sizeof content);
    int access = PROT_READ | PROT_WRITE;
    char *anonymous = mmap(NULL, 3 * 4096, access, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *file = mmap(NULL, 8192, access, MAP_PRIVATE, fd, 0);
    memset(anonymous, 'a', 3 * 4096);
    memset(file, 'w', 8192);
    CHECK(madvise(anonymous + 4096, 4096, MADV_DONTNEED) == 0);
    CHECK(madvise(file, 4096, MADV_DONTNEED) == 0);
    CHECK(anonymous[4095] == 'a' && anonymous[4096] == 0 && anonymous[8192] == 'a');
    CHECK(file[0] == 'f' && file[4096] == 'w');
    CHECK(madvise(anonymous, 4096, MADV_WILLNEED) == 0);
    CHECK(madvise(anonymous, 4096, MADV_SEQUENTIAL) == 0);
    CHECK(madvise(anonymous + 1, 4096, MADV_DONTNEED) == -1 && errno == EINVAL);
    printf("%p %p\n", (void *)anonymous, (void *)file);
    return 0;
}
