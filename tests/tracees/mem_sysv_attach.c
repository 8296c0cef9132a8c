/* System V shared memory in one process: attached twice, once for reading only; both views alias,
 * and what is in it stays when it is detached. */
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
    CHECK(one != (void *)-1 && two != (void *)-1 && one != two);
    sprintf(one + 4096, "process %d", (int)getpid());
    CHECK(strcmp(one + 4096, two + 4096) == 0);
    CHECK(shmdt(one) == 0 && shmdt(two) == 0);
    two = shmat(id, NULL, SHM_RDONLY);
    CHECK(two != (void *)-1 && atoi(two + 4096 + 8) == getpid());
    CHECK(shmctl(id, IPC_RMID, NULL) == 0);
    puts(two + 4096);
    return 0;
}
