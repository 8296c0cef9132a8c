/* Users, groups and services by name: nsswitch, and the files and libraries behind it. */
#include <grp.h>
#include <netdb.h>
#include <pwd.h>

#include "check.h"

int main(void)
{
    struct passwd *user = getpwuid(0);
    CHECK(user && strcmp(user->pw_name, "root") == 0);
    struct group *group = getgrgid(0);
    CHECK(group && strcmp(group->gr_name, "root") == 0);
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV}, *address;
    CHECK(getaddrinfo("127.0.0.1", "80", &hints, &address) == 0);
    freeaddrinfo(address);
    printf("%d %s\n", (int)getpid(), user->pw_dir);
    return 0;
}
