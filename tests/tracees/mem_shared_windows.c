/* Windows on one file: read only before anybody can write, at different offsets, moved, grown,
 * written by calls, and a second one made by mremap with an old length of 0. */
#include "check.h"

#define PAGE 4096

static void say(char *at, const char *what)
{
    sprintf(at, "%s %d", what, (int)getpid());
}

int main(void)
{
    scratch_enter();
    int fd = scratch_file("file", "start", 5), reader = open("file", O_RDONLY | O_CLOEXEC);
    CHECK(ftruncate(fd, 4 * PAGE) == 0);
    char *view = mmap(NULL, 4 * PAGE, PROT_READ, MAP_SHARED, reader, 0);
    CHECK(view != MAP_FAILED && strcmp(view, "start") == 0);
    char *second = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, PAGE);
    CHECK(second != MAP_FAILED);
    say(second, "window");
    CHECK(strcmp(view + PAGE, second) == 0);

    CHECK(pwrite(fd, "by call", 8, 2 * PAGE) == 8 && strcmp(view + 2 * PAGE, "by call") == 0);
    second = mremap(second, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
    CHECK(second != MAP_FAILED && strcmp(second + PAGE, "by call") == 0);
    say(second + PAGE, "grown");
    CHECK(strcmp(view + 2 * PAGE, second + PAGE) == 0);

    char *third = mremap(second, 0, 2 * PAGE, MREMAP_MAYMOVE);
    CHECK(third != MAP_FAILED && third != second);
    say(third, "third");
    CHECK(strcmp(view + PAGE, third) == 0 && strcmp(second, third) == 0);
    CHECK(munmap(second, 2 * PAGE) == 0);

    char *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    say(shared, "anonymous");
    CHECK(madvise(shared, PAGE, MADV_DONTNEED) == 0); /* which is no loss for shared memory */
    char *alias = mremap(shared, 0, PAGE, MREMAP_MAYMOVE);
    CHECK(alias != MAP_FAILED && strcmp(alias, shared) == 0);
    say(alias, "alias");
    printf("%s, %s, %s\n", view + PAGE, view + 2 * PAGE, shared);
    return 0;
}
