/* Anonymous shared memory over fork: parent and child are one group, and see each other's writes.
 */
/* modes: native */
/* Memory shared between recorded processes (issue 5). */
#include "check.h"

int main(void)
{
    int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(shared != MAP_FAILED);
    int ping[2], pong[2];
    char byte;
    CHECK(pipe(ping) == 0 && pipe(pong) == 0);
    pid_t child = fork_flushed();
    if (child == 0) {
        for (int i = 0; i < 20; i++) {
            CHECK(read(ping[0], &byte, 1) == 1);
            shared[0] += getpid();
            CHECK(write(pong[1], "", 1) == 1);
        }
        _exit(0);
    }
    for (int i = 0; i < 20; i++) {
        CHECK(write(ping[1], "", 1) == 1);
        CHECK(read(pong[0], &byte, 1) == 1);
        shared[0] += 1;
    }
    check_child_ok(child);
    CHECK(shared[0] == 20 * child + 20);
    printf("%d\n", shared[0]);
    return 0;
}
