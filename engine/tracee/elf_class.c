#include "engine/tracee/elf_class.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/cleanup.h"

bool elf_is_32_bit(const char *path)
{
    unsigned char ident[EI_NIDENT];
    CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return fd >= 0 && read(fd, ident, sizeof(ident)) == sizeof(ident) &&
           memcmp(ident, ELFMAG, SELFMAG) == 0 && ident[EI_CLASS] == ELFCLASS32;
}
