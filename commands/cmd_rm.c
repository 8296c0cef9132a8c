/*
 * reel rm: removes recordings.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "commands/command.h"
#include "commands/command_result.h"
#include "commands/human_text.h"
#include "commands/options.h"
#include "commands/trace_remove.h"
#include "trace-format/location.h"

static bool is_in(const char *path, const char *directory)
{
    size_t length = strlen(directory);
    return strncmp(path, directory, length) == 0 && path[length] == '/' &&
           !strchr(path + length + 1, '/');
}

/* Whether `name`, as a path or in the root, is itself a symbolic link. */
static bool is_link(const char *root, const char *name)
{
    CLEANUP(free) char *path = strdup(name);
    CLEANUP(free) char *in_root = NULL;
    struct stat status;
    size_t length = path ? strlen(path) : 0;
    while (length > 1 && path[length - 1] == '/')
        path[--length] = '\0'; /* lstat("link/") would follow the link */
    if (!path || asprintf(&in_root, "%s/%s", root, path) < 0)
        return true;
    if (lstat(path, &status) != 0 && lstat(in_root, &status) != 0)
        return false;
    return S_ISLNK(status.st_mode);
}

/*
 * A symbolic link stands for the trace that it leads to only if that one lies in the trace root, as
 * `latest` does: who removes a link that leads elsewhere rarely means what lies there.
 */
static struct error *remove_named(const char *root, const char *name)
{
    CLEANUP(free) char *path = NULL;
    char real_root[PATH_MAX];
    struct error *error = trace_find(name, &path); /* free of links */
    if (error)
        return error;
    bool in_root = realpath(root, real_root) && is_in(path, real_root);
    if (!in_root && is_link(root, name))
        return error_new("name the trace itself", "%s is a symbolic link out of %s, to %s", name,
                         root, path);
    return trace_remove(path);
}

static struct error *collect_garbage(const char *root)
{
    struct gc_result freed;
    char size[HUMAN_TEXT];
    struct error *error = trace_store_gc(root, &freed);
    if (!error && freed.files)
        printf("removed %llu stored files, %s\n", (unsigned long long)freed.files,
               size_text(freed.bytes, size));
    return error;
}

/* Each that can be removed is, and each that cannot is reported; the last error is returned. */
static struct error *remove_all(const char *root, int count, char **names)
{
    struct error *error = NULL;
    for (int i = 0; i < count; i++) {
        struct error *another = remove_named(root, names[i]);
        if (another && error) {
            error_report(error);
            error_free(error);
        }
        error = another ? another : error;
    }
    return error;
}

static int run(int argc, char **argv)
{
    bool gc = false;
    const struct option_rule rules[] = {{.name = "gc", .flag = &gc}};
    CLEANUP(free) char *root = NULL;
    int first;
    struct error *error =
        options_parse(argc, argv, rules, ARRAY_LENGTH(rules), OPTIONS_ANYWHERE, &first);
    if (!error && first == argc && !gc)
        error = error_new("`reel ls` lists them", "rm needs the name of a trace");
    if (!error)
        error = trace_root(false, &root);
    if (error)
        return command_result(error);
    error = remove_all(root, argc - first, argv + first);
    struct error *fix = trace_fix_latest(root);
    if (!error)
        error = fix;
    else
        error_free(fix);
    if (!error && gc)
        error = collect_garbage(root);
    return command_result(error);
}

const struct command cmd_rm = {
    .name = "rm",
    .arguments = "[--gc] [TRACE…]",
    .summary = "removes recordings",
    .help = "A directory is removed only if it holds a trace and nothing else.\n"
            "  --gc  also removes stored copies of mapped files that no recording in the trace\n"
            "        directory needs any more; recordings kept elsewhere (record -o) lose theirs\n",
    .run = run,
};
