/*
 * Patches: instructions that do not trap, and whose answers the trace has, made to trap as they
 * were in the recording. The vessel's memory has them always; who looks at the program's code
 * through us sees what was there before.
 */
#include <errno.h>

#include "replay/vessel_private.h"

struct error *vessel_follow_patches(struct vessel *vessel, const struct effect *effect)
{
    uint64_t start = effect->address.value;
    struct site_list *patches = &vessel->patches;
    switch (effect->kind) {
    case EFFECT_MAP:
    case EFFECT_UNMAP:
        site_list_cut(patches, start, start + effect->length);
        return NULL;
    case EFFECT_REMAP:
        return site_list_move(patches, effect->remap.old_address.value, effect->remap.old_length,
                              start, effect->length);
    default:
        return NULL;
    }
}

struct error *vessel_patch(struct vessel *vessel, const struct effect *effect)
{
    static const uint8_t byte = PATCH_BYTE;
    const struct site site = {effect->address.value, (uint8_t)effect->length,
                              effect->patch.original};
    if (effect->address.value < REEL_AREA_END && effect->address.value >= REEL_PAGE)
        return error_new("the trace is damaged or was made up",
                         "the trace patches %#lx, where nothing may be", effect->address.value);
    struct error *error = tracee_write(vessel->tracee, effect->address, &byte, sizeof(byte));
    return error ? error : site_list_add(&vessel->patches, &site);
}

size_t vessel_read(struct vessel *vessel, taddr address, void *bytes, size_t size)
{
    size_t got = tracee_read_some(vessel->tracee, address, bytes, size);
    vessel_hide_windows(vessel, address, bytes, got);
    return got;
}

size_t vessel_read_original(struct vessel *vessel, taddr address, void *bytes, size_t size)
{
    size_t got = vessel_read(vessel, address, bytes, size);
    site_list_restore(&vessel->patches, address.value, bytes, got, PATCH_BYTE);
    return got;
}

#define ARCH_SET_CPUID 0x1012 /* asm/prctl.h */

struct error *vessel_trap_cpuid(struct vessel *vessel)
{
    const uint64_t arguments[6] = {ARCH_SET_CPUID, 0};
    int64_t result = 0;
    struct error *error = vessel_try_call(vessel, __NR_arch_prctl, arguments, &result);
    if (error || result == 0)
        return error;
    errno = (int)-result;
    return error_errno("replay it on such a processor: 'reel doctor' says which are",
                       "the program was recorded where cpuid traps by itself, which this "
                       "machine's does not");
}
