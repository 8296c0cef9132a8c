/* getdents64 by hand, into a buffer too small for all entries at once, and readdir with seeks. */
#include "check.h"

enum { FILES = 40 };

int main(void)
{
    scratch_enter();
    for (int i = 0; i < FILES; i++) {
        char name[16];
        snprintf(name, sizeof name, "file-%02d", i);
        close(scratch_file(name, "", 0));
    }
    int fd = open(".", O_RDONLY | O_DIRECTORY);
    char buffer[256];
    int entries = 0, calls = 0;
    long length;
    while ((length = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0) {
        calls++;
        for (long at = 0; at < length; entries++) {
            struct dirent64 *entry = (struct dirent64 *)(buffer + at);
            printf("%lu %s\n", (unsigned long)entry->d_ino, entry->d_name);
            at += entry->d_reclen;
        }
    }
    CHECK(length == 0 && entries == FILES + 2 && calls > 1);
    CHECK(syscall(SYS_getdents64, fd, buffer, 1) == 0 || errno == EINVAL);
    DIR *directory = opendir(".");
    readdir(directory);
    long place = telldir(directory);
    char next[256];
    strcpy(next, readdir(directory)->d_name);
    while (readdir(directory))
        ;
    seekdir(directory, place);
    CHECK(strcmp(readdir(directory)->d_name, next) == 0);
    closedir(directory);
    return 0;
}
