/* process_vm_readv and process_vm_writev of a child: memory written by another process's call. */
/* modes: native */
/* Memory of a recorded process that another one writes (issue 5). */
#include <sys/uio.h>

#include "check.h"

int main(void)
{
    static volatile int value = 1;
    int go[2];
    char byte;
    CHECK(pipe(go) == 0);
    pid_t child = fork_flushed();
    if (child == 0) {
        CHECK(read(go[0], &byte, 1) == 1);
        _exit(value == 7 ? 0 : 1);
    }
    int copy = 0, new = 7;
    struct iovec local = {&copy, 4}, remote = {(void *)&value, 4};
    CHECK(process_vm_readv(child, &local, 1, &remote, 1, 0) == 4 && copy == 1);
    local.iov_base = &new;
    CHECK(process_vm_writev(child, &local, 1, &remote, 1, 0) == 4);
    CHECK(value == 1);
    CHECK(write(go[1], "", 1) == 1);
    check_child_ok(child);
    printf("%d\n", (int)child);
    return 0;
}
