/* The auxiliary vector: random bytes, the program's headers, and perhaps no vdso. */
#include <sys/auxv.h>

#include "check.h"

int main(int argc, char **argv)
{
    unsigned char *bytes = (unsigned char *)getauxval(AT_RANDOM);
    CHECK(bytes);
    for (int i = 0; i < 16; i++)
        printf("%02x", bytes[i]);
    CHECK(getauxval(AT_PAGESZ) == 4096 && getauxval(AT_UID) == getuid());
    const char *name = (const char *)getauxval(AT_EXECFN);
    CHECK(name && strcmp(name, argv[0]) == 0);
    printf(" %lx %s\n", getauxval(AT_ENTRY), name);
    return 0;
}
