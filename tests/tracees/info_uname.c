/* uname, gethostname, sysinfo, sysconf. */
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include "check.h"

int main(void)
{
    struct utsname name;
    CHECK(uname(&name) == 0 && strcmp(name.sysname, "Linux") == 0);
    char host[256];
    CHECK(gethostname(host, sizeof host) == 0 && strcmp(host, name.nodename) == 0);
    struct sysinfo system;
    CHECK(sysinfo(&system) == 0 && system.totalram > 0 && system.procs > 0);
    CHECK(sysconf(_SC_NPROCESSORS_ONLN) >= 1 && sysconf(_SC_PAGESIZE) == 4096);
    printf("%s %s up %ld free %lu\n", name.release, host, system.uptime, system.freeram);
    return 0;
}
