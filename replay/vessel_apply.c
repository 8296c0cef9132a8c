/*
 * What effects do to a vessel's address space.
 */
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "engine/base/cleanup.h"
#include "engine/fastpath/hook_abi.h"
#include "engine/tracee/maps.h"
#include "replay/vessel_private.h"

/* A trace may say anything: what would touch our own pages, or is no address of user space, is
 * refused. */
static struct error *check_range(uint64_t address, uint64_t length)
{
    bool sane = address % PAGE_BYTES == 0 && length % PAGE_BYTES == 0 && length &&
                length <= USER_END && address <= USER_END - length;
    bool ours = address < REEL_AREA_END && address + length > REEL_PAGE;
    if (sane && !ours)
        return NULL;
    return error_new("the trace is damaged or was made up",
                     "the trace maps [%#lx, +%#lx), where nothing may be", address, length);
}

/* The descriptor of what the effect maps; *fd stays -1 for anonymous memory. */
static struct error *find_mapped(struct vessel *vessel, const struct effect *effect, int64_t *fd)
{
    if (effect->map.contents.hex[0])
        return vessel_file(vessel, &effect->map.contents, fd);
    if (!effect->map.object)
        return NULL;
    const struct vessel_object *object = vessel_object(vessel, effect->map.object);
    if (!object)
        return error_new("the trace is damaged or was made up",
                         "the trace maps shared memory %lu, which it has not made",
                         effect->map.object);
    *fd = object->fd;
    return NULL;
}

static struct error *apply_map(struct vessel *vessel, const struct effect *effect)
{
    bool is_object = effect->map.object && !effect->map.contents.hex[0];
    uint64_t flags = MAP_FIXED | MAP_NORESERVE;
    int64_t fd = -1;
    struct error *error = check_range(effect->address.value, effect->length);
    if (!error)
        error = find_mapped(vessel, effect, &fd);
    if (error)
        return error;
    flags |= is_object ? MAP_SHARED : MAP_PRIVATE;
    flags |= fd < 0 ? MAP_ANONYMOUS : 0;
    flags |= effect->map.flags & MAP_EFFECT_STACK ? MAP_GROWSDOWN : 0;
    return CALL(vessel, mmap, effect->address.value, effect->length, effect->map.protection, flags,
                (uint64_t)fd, effect->map.offset);
}

static struct error *apply_remap(struct vessel *vessel, const struct effect *effect)
{
    uint64_t from = effect->remap.old_address.value, to = effect->address.value;
    uint64_t flags = from == to ? 0 : MREMAP_MAYMOVE | MREMAP_FIXED | effect->remap.flags;
    struct error *error = check_range(from, effect->remap.old_length);
    if (!error)
        error = check_range(to, effect->length);
    return error ? error
                 : CALL(vessel, mremap, from, effect->remap.old_length, effect->length, flags, to);
}

/* Advice over holes takes effect on what is there, and says ENOMEM. */
static struct error *apply_advice(struct vessel *vessel, const struct effect *effect)
{
    int64_t ignored;
    struct error *error = check_range(effect->address.value, effect->length);
    if (!error && vessel_keeps_advice(effect->advise.advice))
        return vessel_keep_advice(vessel, effect->address, effect->length, effect->advise.advice);
    const uint64_t arguments[6] = {effect->address.value, effect->length, effect->advise.advice};
    return error ? error : vessel_try_call(vessel, __NR_madvise, arguments, &ignored);
}

/*
 * Below a mapping that grows down a tracer's write is refused: only an access by the task itself,
 * or by the kernel on its behalf, makes it grow. Here the kernel stores the (empty) signal mask
 * there.
 */
static struct error *grow_stack(struct vessel *vessel, uint64_t address, bool *ret)
{
    uint64_t page = address & ~(PAGE_BYTES - 1);
    struct mappings mappings;
    struct error *error = mappings_read(tracee_tid(vessel->tracee), &mappings);
    if (error)
        return error;
    int64_t result = -EFAULT;
    if (!mapping_at(&mappings, page))
        error = vessel_try_call(vessel, __NR_rt_sigprocmask,
                                (const uint64_t[6]){SIG_BLOCK, 0, page, sizeof(uint64_t)}, &result);
    mappings_deinit(&mappings);
    *ret = !error && result == 0;
    return error;
}

static struct error *apply_memory(struct vessel *vessel, const struct effect *effect)
{
    if (effect->address.value < REEL_AREA_END && effect->address.value + effect->length > REEL_PAGE)
        return check_range(REEL_PAGE, PAGE_BYTES);
    struct error *error =
        tracee_write(vessel->tracee, effect->address, effect->bytes, effect->length);
    if (!error)
        return NULL;
    if (vessel_write_object(vessel, effect->address, effect->bytes, effect->length) ==
        effect->length) {
        error_free(error);
        return NULL;
    }
    bool grown = false;
    struct error *grow_error = grow_stack(vessel, effect->address.value, &grown);
    if (grow_error || grown) {
        error_free(error);
        error = grow_error;
    }
    return grown ? tracee_write(vessel->tracee, effect->address, effect->bytes, effect->length)
                 : error;
}

/* As far as the limits of this machine allow. */
static struct error *apply_stack_limit(struct vessel *vessel, const struct effect *effect)
{
    pid_t pid = tracee_tid(vessel->tracee);
    struct rlimit limit;
    if (prlimit(pid, RLIMIT_STACK, NULL, &limit) < 0)
        return error_errno(NULL, "cannot read the stack limit of the replayed process");
    uint64_t bytes = effect->stack_limit.bytes;
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    if (prlimit(pid, RLIMIT_STACK, &limit, NULL) < 0)
        return error_errno(NULL, "cannot set the stack limit of the replayed process");
    return NULL;
}

/* Memory for stubs, in the place reserved in our own area or wherever the recorder found one. */
static struct error *apply_stubs(struct vessel *vessel, const struct effect *effect)
{
    uint64_t address = effect->address.value, length = effect->length;
    bool in_area = address >= HOOK_STUBS && length && length <= HOOK_STUBS_BYTES &&
                   address - HOOK_STUBS <= HOOK_STUBS_BYTES - length &&
                   (address | length) % PAGE_BYTES == 0;
    struct error *error = in_area ? NULL : check_range(address, length);
    if (!error)
        error = CALL(vessel, mmap, address, length, PROT_READ | PROT_EXEC,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, (uint64_t)-1);
    return error ? error : vessel_add_stubs(vessel, effect);
}

/* The translator's copy of the program's code is void where the code or its mapping changes. */
static void tell_translator(struct vessel *vessel, const struct effect *effect)
{
    bool mapping = effect->kind != EFFECT_MEMORY && effect->kind != EFFECT_PATCH;
    if (!vessel->translator || effect->kind == EFFECT_RESIZE || effect->kind == EFFECT_SITE)
        return;
    translator_forget(vessel->translator, effect->address, effect->length, mapping);
    if (effect->kind == EFFECT_REMAP)
        translator_forget(vessel->translator, effect->remap.old_address, effect->remap.old_length,
                          mapping);
}

struct error *vessel_apply(struct vessel *vessel, const struct effect *effect)
{
    tell_translator(vessel, effect);
    struct error *error = vessel_follow_windows(vessel, effect);
    if (!error)
        error = vessel_follow_patches(vessel, effect);
    if (error)
        return error;
    if (effect->kind == EFFECT_MAP || effect->kind == EFFECT_UNMAP)
        vessel_drop_advice(vessel, effect->address, effect->length);
    switch (effect->kind) {
    case EFFECT_MEMORY:
        return apply_memory(vessel, effect);
    case EFFECT_MAP:
        return apply_map(vessel, effect);
    case EFFECT_UNMAP:
        error = check_range(effect->address.value, effect->length);
        return error ? error : CALL(vessel, munmap, effect->address.value, effect->length);
    case EFFECT_PROTECT:
        error = check_range(effect->address.value, effect->length);
        return error ? error
                     : CALL(vessel, mprotect, effect->address.value, effect->length,
                            effect->protect.protection);
    case EFFECT_REMAP:
        return apply_remap(vessel, effect);
    case EFFECT_ADVISE:
        return apply_advice(vessel, effect);
    case EFFECT_RESIZE:
        return vessel_resize_object(vessel, effect->resize.object, effect->resize.size);
    case EFFECT_STACK_LIMIT:
        return apply_stack_limit(vessel, effect);
    case EFFECT_PATCH:
        return vessel_patch(vessel, effect);
    case EFFECT_TRAP_CPUID:
        return vessel_trap_cpuid(vessel);
    case EFFECT_SITE:
        return vessel_add_site(vessel, effect);
    case EFFECT_STUBS:
        return apply_stubs(vessel, effect);
    default:
        return NULL;
    }
}
