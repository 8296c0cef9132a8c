/* A file that shrinks and grows under its mappings: SIGBUS behind its end, zeros where it comes
 * back, and the tail of its last page cleared. Private and shared; by ftruncate, truncate, O_TRUNC,
 * a write behind the end, and fallocate. */
#include <setjmp.h>

#include "check.h"

#define PAGE 4096

static sigjmp_buf back;

static void fault(int number, siginfo_t *info, void *context)
{
    siglongjmp(back, 1);
}

/* The byte there, or -1 for SIGBUS. */
static int peek(volatile char *at)
{
    return sigsetjmp(back, 1) ? -1 : *at;
}

static void check_map(int flags)
{
    char content[3 * PAGE];
    memset(content, 'f', sizeof content);
    int fd = scratch_file("file", content, sizeof content);
    char *map = mmap(NULL, sizeof content, PROT_READ | PROT_WRITE, flags, fd, 0);
    CHECK(map != MAP_FAILED && peek(map + 2 * PAGE) == 'f');
    CHECK(ftruncate(fd, PAGE + 10) == 0);
    CHECK(peek(map + 2 * PAGE) == -1 && peek(map + PAGE) == 'f' && peek(map + PAGE + 10) == 0);
    CHECK(pwrite(fd, "end", 3, 3 * PAGE - 3) == 3);
    CHECK(peek(map + 2 * PAGE) == 0 && peek(map + 3 * PAGE - 1) == 'd');
    CHECK(truncate("file", 0) == 0 && peek(map) == -1);
    CHECK(ftruncate(fd, 3 * PAGE) == 0 && peek(map) == 0);
    char text[32];
    snprintf(text, sizeof text, "process %d", (int)getpid());
    CHECK(pwrite(fd, text, sizeof text, 100) == sizeof text && strcmp(map + 100, text) == 0);
    fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE);
    CHECK(map[100] == 0 || errno == EOPNOTSUPP);
    close(open("file", O_WRONLY | O_TRUNC));
    CHECK(peek(map + PAGE) == -1);
    puts(text);
    CHECK(munmap(map, sizeof content) == 0 && close(fd) == 0);
}

int main(void)
{
    scratch_enter();
    handle(SIGBUS, fault, 0);
    check_map(MAP_SHARED);
    check_map(MAP_PRIVATE);
    return 0;
}
