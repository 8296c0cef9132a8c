/*
 * A vessel's fields and its injected calls, for the files vessel*.c only.
 */
#ifndef REEL_REPLAY_VESSEL_PRIVATE_H
#define REEL_REPLAY_VESSEL_PRIVATE_H

#include <asm/unistd.h>

#include "engine/sites/site_list.h"
#include "engine/tracee/reel_page.h"
#include "engine/translate/translator.h"
#include "replay/vessel.h"
#include "replay/vessel_windows.h"

/* What injected calls point to. */
#define DATA_PAGE (REEL_PAGE + PAGE_BYTES)

#define USER_END 0x7ffffffff000ul

/* Shared memory that several mappings may show: a memfd of the vessel. */
struct vessel_object {
    uint64_t number;
    int fd; /* in the vessel */
};

/* A stored file that is open in the vessel. */
struct vessel_file {
    struct store_name name;
    int fd; /* in the vessel */
};

/* What the program advised about forks. */
struct vessel_advice {
    taddr address;
    uint64_t length;
    uint32_t advice;
};

#define VESSEL_FILES_MAX 32

struct vessel {
    struct tracee *tracee;
    const struct store *store;
    struct vessel_file files[VESSEL_FILES_MAX]; /* oldest first */
    size_t file_count;
    struct vessel_object *objects;
    size_t object_count;
    struct vessel_advice *advice; /* in the order in which it was given */
    size_t advice_count;
    struct site_list patches;
    struct vessel_windows windows;
    struct translator *translator; /* NULL until something is to be counted over a distance */
};

/* Makes a system call in the vessel; its result, maybe a negative errno, goes to *ret. */
struct error *vessel_try_call(struct vessel *vessel, long number, const uint64_t arguments[6],
                              int64_t *ret) MUST_CHECK;

/* One that must succeed; `what` is its name. */
struct error *vessel_call(struct vessel *vessel, const char *what, long number,
                          const uint64_t arguments[6], int64_t *ret) MUST_CHECK;

#define CALL(vessel, name, ...)                                                                    \
    vessel_call(vessel, #name, __NR_##name, (const uint64_t[6]){__VA_ARGS__}, &(int64_t){0})

/* --- vessel_files.c -------------------------------------------------------------------------- */

/* The descriptor of stored contents, in the vessel, which keeps it: good until the next call. */
struct error *vessel_file(struct vessel *vessel, const struct store_name *name,
                          int64_t *ret) MUST_CHECK;

/* --- vessel_inherit.c ------------------------------------------------------------------------ */

bool vessel_keeps_advice(uint32_t advice);
struct error *vessel_keep_advice(struct vessel *vessel, taddr address, uint64_t length,
                                 uint32_t advice) MUST_CHECK;
void vessel_drop_advice(struct vessel *vessel, taddr address, uint64_t length);
struct error *vessel_copy_advice(struct vessel *copy, const struct vessel *vessel) MUST_CHECK;

/* --- vessel_patches.c ------------------------------------------------------------------------ */

/* What an effect of a kind that is applied elsewhere does to patches. */
struct error *vessel_follow_patches(struct vessel *vessel, const struct effect *effect) MUST_CHECK;
struct error *vessel_patch(struct vessel *vessel, const struct effect *effect) MUST_CHECK;
struct error *vessel_trap_cpuid(struct vessel *vessel) MUST_CHECK;

/* --- vessel_objects.c ------------------------------------------------------------------------ */

/* NULL if there is no such object. */
const struct vessel_object *vessel_object(const struct vessel *vessel, uint64_t number);

/* Makes the object, if there is none of that number, or changes its size. */
struct error *vessel_resize_object(struct vessel *vessel, uint64_t number,
                                   uint64_t size) MUST_CHECK;

/* After a fork: the copy gets objects of its own, with the same contents. */
struct error *vessel_copy_objects(struct vessel *copy, const struct vessel *vessel) MUST_CHECK;

/* Writes where the vessel has shared memory without the right to write to it. Returns how many
 * bytes, from the start. */
size_t vessel_write_object(struct vessel *vessel, taddr address, const void *bytes, size_t size);

#endif
