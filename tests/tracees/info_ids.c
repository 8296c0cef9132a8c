/* getpid and its family. */
#include "check.h"

int main(void)
{
    CHECK(getpid() == gettid() && getppid() > 0);
    CHECK(getpgid(0) == getpgrp() && getsid(0) > 0);
    CHECK(getpgid(-1) == -1);
    CHECK(getuid() == geteuid() && getgid() == getegid());
    uid_t real, effective, saved;
    CHECK(getresuid(&real, &effective, &saved) == 0 && real == getuid());
    gid_t groups[128], group[3];
    CHECK(getresgid(&group[0], &group[1], &group[2]) == 0 && group[1] == getegid());
    int count = getgroups(128, groups);
    CHECK(count >= 0);
    printf("%d %d %d %d %u %d\n", (int)getpid(), (int)getppid(), (int)getpgrp(), (int)getsid(0),
           real, count);
    return 0;
}
