#include "commands/program_path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/cleanup.h"
#include "engine/base/types.h"
#include "engine/tracee/elf_class.h"

static bool is_executable_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* The first executable file of that name in $PATH, or NULL. */
static char *search_path(const char *name)
{
    const char *variable = getenv("PATH");
    CLEANUP(free) char *directories = strdup(variable ? variable : "/usr/local/bin:/usr/bin:/bin");
    char *rest = directories, *directory;
    while (directories && (directory = strsep(&rest, ":"))) {
        char *candidate;
        if (asprintf(&candidate, "%s/%s", *directory ? directory : ".", name) < 0)
            return NULL;
        if (is_executable_file(candidate))
            return candidate;
        free(candidate);
    }
    return NULL;
}

static struct error *check_file(const char *path)
{
    struct stat status;
    if (stat(path, &status) < 0)
        return error_errno("check the path", "cannot record %s", path);
    if (S_ISDIR(status.st_mode))
        return error_new("name a program in it", "cannot record %s: it is a directory", path);
    if (!S_ISREG(status.st_mode))
        return error_new("name a program", "cannot record %s: it is not a regular file", path);
    if (access(path, X_OK) < 0)
        return error_errno("make it executable (chmod +x)", "cannot record %s", path);
    if (elf_is_32_bit(path))
        return error_new("build it for x86-64", "cannot record %s: it is a 32-bit program", path);
    return NULL;
}

struct error *program_path(const char *name, char **ret)
{
    char *path = strchr(name, '/') ? strdup(name) : search_path(name);
    if (!path)
        return error_new("check its name, and $PATH", "cannot record %s: no such program", name);
    struct error *error = check_file(path);
    if (error)
        free(path);
    else
        *ret = path;
    return error;
}
