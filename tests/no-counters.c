/*
 * no-counters refuse|kill PROGRAM ARGUMENTS…: runs the program where perf_event_open does not work:
 * it gives EACCES, or ends the caller (SIGSYS).
 * no-counters try: calls it; the exit status is the errno, 0 for success.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ATTRIBUTE_BYTES                                                                            \
    64 /* of the first version of perf_event_attr: zeros count processor cycles */

static int try(void)
{
    unsigned attribute[ATTRIBUTE_BYTES / sizeof(unsigned)] = {0, ATTRIBUTE_BYTES};
    return syscall(SYS_perf_event_open, attribute, 0, -1, -1, 0) < 0 ? errno : 0;
}

static int forbid(unsigned answer)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_perf_event_open, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, answer),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "try") == 0)
        return try();
    if (argc < 3)
        return 2;
    unsigned answer =
        strcmp(argv[1], "kill") == 0 ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ERRNO | EACCES;
    if (forbid(answer)) {
        perror("no-counters");
        return 2;
    }
    execvp(argv[2], argv + 2);
    perror(argv[2]);
    return 127;
}
