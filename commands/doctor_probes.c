#include "commands/doctor_probes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "commands/human_text.h"
#include "engine/base/cleanup.h"
#include "trace-format/location.h"

#define ENOUGH_BYTES 1000000000ull

/* The trace root, or as much of its path as exists: doctor creates nothing. NULL, and *ret told, on
 * failure. */
static char *existing_root(struct probe_result *ret)
{
    char *path;
    struct error *error = trace_root(false, &path);
    if (error) {
        probe_missing(ret, "%s", error_message(error));
        error_free(error);
        return NULL;
    }
    while (access(path, F_OK) != 0 && errno == ENOENT) {
        char *slash = strrchr(path, '/');
        if (!slash)
            break;
        slash[slash == path] = '\0';
    }
    return path;
}

static const char *file_system_name(const char *path)
{
    static const struct {
        unsigned long magic;
        const char *name;
    } names[] = {
        {EXT4_SUPER_MAGIC, "ext4"},
        {BTRFS_SUPER_MAGIC, "btrfs"},
        {XFS_SUPER_MAGIC, "xfs"},
        {TMPFS_MAGIC, "tmpfs"},
        {OVERLAYFS_SUPER_MAGIC, "overlayfs"},
        {NFS_SUPER_MAGIC, "nfs"},
        {0x2fc12fc1, "zfs"},
        {0xca451a4e, "bcachefs"},
        {FUSE_SUPER_MAGIC, "fuse"},
        {F2FS_SUPER_MAGIC, "f2fs"},
        {V9FS_MAGIC, "9p"},
    };
    struct statfs status;
    if (statfs(path, &status) != 0)
        return "an unknown file system";
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if ((unsigned long)status.f_type == names[i].magic)
            return names[i].name;
    return "another file system";
}

static void probe_root(struct probe_result *ret)
{
    CLEANUP(free) char *path = existing_root(ret);
    if (!path)
        return;
    if (access(path, W_OK | X_OK) == 0)
        probe_present(ret, "%s, on %s", path, file_system_name(path));
    else
        probe_failed(ret, path);
}

/* O_TMPFILE leaves nothing behind, whatever happens. */
static void probe_reflink(struct probe_result *ret)
{
    static const char page[PAGE_BYTES];
    CLEANUP(free) char *path = existing_root(ret);
    if (!path)
        return;
    CLEANUP(close_fd) int from = open(path, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    CLEANUP(close_fd) int to = open(path, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (from < 0 || to < 0 || write(from, page, sizeof(page)) != (ssize_t)sizeof(page))
        probe_failed(ret, path);
    else if (ioctl(to, FICLONE, from) != 0)
        probe_missing(ret, "%s has none", file_system_name(path));
    else
        probe_present(ret, "%s", "");
}

static void probe_space(struct probe_result *ret)
{
    CLEANUP(free) char *path = existing_root(ret);
    struct statvfs status;
    char size[HUMAN_TEXT];
    if (!path)
        return;
    if (statvfs(path, &status) != 0) {
        probe_failed(ret, path);
        return;
    }
    uint64_t bytes = (uint64_t)status.f_bavail * status.f_frsize;
    probe_present(ret, "%s", size_text(bytes, size));
    ret->present = bytes >= ENOUGH_BYTES;
}

static void probe_gdb(struct probe_result *ret)
{
    char line[120] = "";
    FILE *gdb = popen("gdb -nx --version 2>/dev/null", "re");
    bool read = gdb && fgets(line, sizeof(line), gdb);
    int status = gdb ? pclose(gdb) : -1;
    line[strcspn(line, "\n")] = '\0';
    if (read && (status == 0 || line[0]))
        probe_present(ret, "%s", line);
    else
        probe_missing(ret, "no gdb on PATH");
}

const struct probe place_probes[] = {
    {"trace directory", PROBE_NEEDED, probe_root,
     "nothing can be recorded there; set REEL_TRACE_DIR to a directory that you can write to"},
    {"copies that share blocks (reflink)", PROBE_OPTIONAL, probe_reflink,
     "mapped files are copied into the store, once each"},
    {"free space, 1 GB", PROBE_OPTIONAL, probe_space, "long recordings may be cut short"},
    {"gdb", PROBE_OPTIONAL, probe_gdb,
     "replay only runs through (-a) or serves another debugger (-s PORT); install gdb"},
};
const size_t place_probe_count = ARRAY_LENGTH(place_probes);
