/*
 * Stored files that are open inside a vessel. They stay so, the newest of them: a program maps most
 * of its files several times, and opening and closing one each time costs two stops more.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/cleanup.h"
#include "replay/vessel_private.h"

static struct error *open_contents(struct vessel *vessel, const struct store_name *name,
                                   int64_t *fd)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof(path), "%s/%s", store_path(vessel->store), name->hex);
    if (length >= (int)sizeof(path))
        return error_new("move it to a shorter path", "the path of the store, %s, is too long",
                         store_path(vessel->store));
    CLEANUP(close_fd)
    int check = -1; /* says by name what is missing, which a failed call inside cannot */
    struct error *error = store_get(vessel->store, name, &check);
    if (!error)
        error = tracee_write(vessel->tracee, taddr_of(DATA_PAGE), path, (size_t)length + 1);
    if (error)
        return error;
    return vessel_call(vessel, "open", __NR_open,
                       (const uint64_t[6]){DATA_PAGE, O_RDONLY | O_CLOEXEC}, fd);
}

/* Makes room for one more. */
static struct error *forget_oldest(struct vessel *vessel)
{
    int fd = vessel->files[0].fd;
    if (vessel->file_count < VESSEL_FILES_MAX)
        return NULL;
    vessel->file_count--;
    memmove(vessel->files, vessel->files + 1, vessel->file_count * sizeof(vessel->files[0]));
    return CALL(vessel, close, (uint64_t)fd);
}

struct error *vessel_file(struct vessel *vessel, const struct store_name *name, int64_t *ret)
{
    for (size_t i = 0; i < vessel->file_count; i++) {
        if (strcmp(vessel->files[i].name.hex, name->hex) == 0) {
            *ret = vessel->files[i].fd;
            return NULL;
        }
    }
    struct error *error = forget_oldest(vessel);
    if (!error)
        error = open_contents(vessel, name, ret);
    if (error)
        return error;
    vessel->files[vessel->file_count++] = (struct vessel_file){.name = *name, .fd = (int)*ret};
    return NULL;
}
