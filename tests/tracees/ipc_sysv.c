/* System V semaphores and messages. */
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>

#include "check.h"

struct message {
    long type;
    char text[16];
};

int main(void)
{
    int semaphores = semget(IPC_PRIVATE, 2, 0600), queue = msgget(IPC_PRIVATE, 0600);
    if (semaphores < 0 || queue < 0) {
        CHECK(errno == ENOSYS || errno == ENOSPC);
        puts("no System V objects here");
        return 0;
    }
    struct sembuf up[] = {{0, 2, 0}, {1, 1, 0}}, down = {0, -3, IPC_NOWAIT};
    bool held = semop(semaphores, up, 2) == 0 && semctl(semaphores, 0, GETVAL) == 2;
    bool refused = semop(semaphores, &down, 1) == -1 && errno == EAGAIN;
    unsigned short values[2] = {9, 9};
    bool all = semctl(semaphores, 0, GETALL, values) == 0;
    struct message out = {7, ""}, in = {0, ""};
    snprintf(out.text, sizeof out.text, "from %d", (int)getpid());
    bool sent = msgsnd(queue, &out, sizeof out.text, 0) == 0;
    ssize_t length = msgrcv(queue, &in, sizeof in.text, 0, 0);
    CHECK(semctl(semaphores, 0, IPC_RMID) == 0 && msgctl(queue, IPC_RMID, NULL) == 0);
    CHECK(held && refused && all && values[0] == 2 && values[1] == 1);
    CHECK(sent && length == 16 && in.type == 7 && strcmp(in.text, out.text) == 0);
    puts(in.text);
    return 0;
}
