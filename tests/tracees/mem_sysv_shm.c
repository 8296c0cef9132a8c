/* System V shared memory: attached twice, both views alias. */
/* modes: native */
/* Memory shared between recorded processes (issue 5). */
#include <sys/shm.h>

#include "check.h"

int main(void)
{
    int id = shmget(IPC_PRIVATE, 8192, IPC_CREAT | 0600);
    if (id < 0) {
        CHECK(errno == ENOSYS || errno == ENOSPC);
        puts("no System V memory here");
        return 0;
    }
    char *one = shmat(id, NULL, 0), *two = shmat(id, NULL, SHM_RDONLY);
    CHECK(shmctl(id, IPC_RMID, NULL) == 0);
    CHECK(one != (void *)-1 && two != (void *)-1 && one != two);
    sprintf(one, "process %d", (int)getpid());
    CHECK(strcmp(one, two) == 0);
    pid_t child = fork_flushed();
    if (child == 0) {
        one[4096] = 'c';
        _exit(0);
    }
    check_child_ok(child);
    CHECK(two[4096] == 'c');
    puts(two);
    CHECK(shmdt(one) == 0 && shmdt(two) == 0);
    return 0;
}
