#include "replay/vessel_windows.h"

#include <stdlib.h>
#include <string.h>

#include "engine/fastpath/hook_abi.h"
#include "replay/vessel_private.h"

#define SYSCALL_BYTES 2

void vessel_windows_deinit(struct vessel_windows *windows)
{
    free(windows->window);
    free(windows->stubs);
    *windows = (struct vessel_windows){0};
}

static void *copy_of(const void *bytes, size_t size)
{
    void *ret = malloc(size ? size : 1);
    if (ret && size)
        memcpy(ret, bytes, size);
    return ret;
}

struct error *vessel_copy_windows(struct vessel *copy, const struct vessel *vessel)
{
    const struct vessel_windows *from = &vessel->windows;
    struct vessel_windows *to = &copy->windows;
    *to = *from;
    to->capacity = from->count;
    to->window = copy_of(from->window, from->count * sizeof(*from->window));
    to->stubs = copy_of(from->stubs, from->stubs_count * sizeof(*from->stubs));
    return to->window && to->stubs ? NULL : &err_no_memory;
}

/* The index of the first window that ends behind the address. */
static size_t first_behind(const struct vessel_windows *windows, uint64_t address)
{
    size_t low = 0, high = windows->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct vessel_window *window = &windows->window[middle];
        if (window->start + window->length <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* --- In and out ------------------------------------------------------------------------------ */

static void forget_recent(struct vessel_windows *windows)
{
    memset(windows->recent, 0, sizeof(windows->recent));
}

static uint64_t *recent_at(struct vessel_windows *windows, uint64_t rip)
{
    return &windows->recent[(rip >> 1 ^ rip >> 7) % WINDOWS_RECENT];
}

struct error *vessel_unpatch(struct vessel *vessel, struct vessel_window *window)
{
    if (!window->patched)
        return NULL;
    window->patched = false;
    vessel->windows.patched--;
    forget_recent(&vessel->windows);
    return tracee_write(vessel->tracee, taddr_of(window->start), window->original,
                        sizeof(window->original));
}

struct error *vessel_unpatch_windows(struct vessel *vessel)
{
    struct vessel_windows *windows = &vessel->windows;
    struct error *error = NULL;
    for (size_t i = 0; !error && windows->patched && i < windows->count; i++)
        error = vessel_unpatch(vessel, &windows->window[i]);
    return error;
}

/* A stop is to come there: in the window, where it is not come by, or at the syscall; or right
 * behind it, where the task stands when the call has been answered: it has not run on yet. */
static bool is_in_the_way(const struct vessel_window *window, uint64_t address)
{
    return address >= window->start && address <= window->start + window->length + SYSCALL_BYTES;
}

static bool has_breakpoint(const struct vessel_window *window,
                           const struct run_conditions *conditions)
{
    for (size_t i = 0; conditions && i < conditions->breakpoint_count; i++)
        if (is_in_the_way(window, conditions->breakpoints[i].address.value))
            return true;
    return false;
}

struct error *vessel_unpatch_for(struct vessel *vessel, const struct run_conditions *conditions)
{
    struct vessel_windows *windows = &vessel->windows;
    struct error *error = NULL;
    if (!windows->patched || !conditions)
        return NULL;
    if (conditions->watch_count)
        return vessel_unpatch_windows(vessel);
    for (size_t i = 0; !error && conditions->breakpoint_count && i < windows->count; i++)
        if (has_breakpoint(&windows->window[i], conditions))
            error = vessel_unpatch(vessel, &windows->window[i]);
    return error;
}

static bool has_room_for_stub(const struct vessel_windows *windows, uint64_t address)
{
    for (size_t i = 0; i < windows->stubs_count; i++) {
        const struct vessel_stubs *stubs = &windows->stubs[i];
        uint64_t offset = address - stubs->address;
        if (address >= stubs->address && offset < stubs->length &&
            stubs->length - offset >= STUB_BYTES)
            return true;
    }
    return false;
}

/* The bytes of the window and of its syscall. False: it is no window any more, or never was one. */
static bool read_window(struct vessel *vessel, const struct vessel_window *window, uint8_t *bytes)
{
    size_t size = window->length + SYSCALL_BYTES;
    return tracee_read_some(vessel->tracee, taddr_of(window->start), bytes, size) == size &&
           bytes[size - 2] == 0x0f && bytes[size - 1] == 0x05;
}

static struct error *patch(struct vessel *vessel, struct vessel_window *window)
{
    uint8_t bytes[WINDOW_BYTES_MAX + SYSCALL_BYTES];
    const taddr start = taddr_of(window->start), stub = taddr_of(window->stub_address);
    window->refused = true;
    if (!has_room_for_stub(&vessel->windows, stub.value) || !read_window(vessel, window, bytes))
        return NULL;
    struct error *error =
        stub_make(bytes, window->length, start, stub, taddr_of(HOOK_ENTRY), &window->stub);
    if (error) { /* a trace may say anything: its calls are then replayed with stops */
        error_free(error);
        return NULL;
    }
    window->refused = false;
    memcpy(window->original, bytes, sizeof(window->original));
    error = tracee_write(vessel->tracee, stub, window->stub.code, sizeof(window->stub.code));
    if (!error)
        error = tracee_write(vessel->tracee, start, window->stub.jump, sizeof(window->stub.jump));
    if (error)
        return error;
    window->patched = true;
    vessel->windows.patched++;
    return NULL;
}

struct error *vessel_patch_window(struct vessel *vessel, uint64_t rip,
                                  const struct run_conditions *conditions, bool *ret)
{
    struct vessel_windows *windows = &vessel->windows;
    uint64_t site = rip - SYSCALL_BYTES;
    struct error *error = NULL;
    *ret = *recent_at(windows, rip) == rip;
    if (*ret)
        return NULL;
    size_t at = first_behind(windows, site - 1);
    struct vessel_window *window = at < windows->count ? &windows->window[at] : NULL;
    if (!window || window->start + window->length != site || window->refused ||
        has_breakpoint(window, conditions))
        return NULL;
    if (!window->patched)
        error = patch(vessel, window);
    *ret = !error && window->patched;
    if (*ret)
        *recent_at(windows, rip) = rip;
    return error;
}

/* --- Effects --------------------------------------------------------------------------------- */

static bool overlap(uint64_t a, uint64_t a_length, uint64_t b, uint64_t b_length)
{
    return a < b + b_length && b < a + a_length;
}

/* Ends the windows in the range, and with `mapping` those whose stub is there. */
static struct error *end_windows(struct vessel *vessel, uint64_t address, uint64_t length,
                                 bool mapping)
{
    struct vessel_windows *windows = &vessel->windows;
    uint64_t before = address > SYSCALL_BYTES ? address - SYSCALL_BYTES : 0;
    size_t from = mapping ? 0 : first_behind(windows, before), kept = from;
    struct error *error = NULL;
    for (size_t i = from; i < windows->count; i++) {
        struct vessel_window *window = &windows->window[i];
        bool ends = overlap(window->start, window->length + SYSCALL_BYTES, address, length) ||
                    (mapping && overlap(window->stub_address, STUB_BYTES, address, length));
        if (!ends && !mapping && kept == i)
            return NULL; /* those behind lie behind the range */
        if (ends && !error)
            error = vessel_unpatch(vessel, window);
        if (!ends)
            windows->window[kept++] = *window;
    }
    windows->count = kept;
    return error;
}

static void drop_stubs(struct vessel_windows *windows, uint64_t address, uint64_t length)
{
    size_t kept = 0;
    for (size_t i = 0; i < windows->stubs_count; i++)
        if (!overlap(windows->stubs[i].address, windows->stubs[i].length, address, length))
            windows->stubs[kept++] = windows->stubs[i];
    windows->stubs_count = kept;
}

static struct error *remapped(struct vessel *vessel, uint64_t address, uint64_t length)
{
    struct error *error = end_windows(vessel, address, length, true);
    drop_stubs(&vessel->windows, address, length);
    return error;
}

struct error *vessel_follow_windows(struct vessel *vessel, const struct effect *effect)
{
    uint64_t address = effect->address.value;
    struct error *error;
    if (!vessel->windows.count && !vessel->windows.stubs_count)
        return NULL;
    switch (effect->kind) {
    case EFFECT_MEMORY:
    case EFFECT_PATCH:
        return effect->length ? end_windows(vessel, address, effect->length, false) : NULL;
    case EFFECT_PROTECT:
    case EFFECT_ADVISE:
        return end_windows(vessel, address, effect->length, true);
    case EFFECT_MAP:
    case EFFECT_UNMAP:
    case EFFECT_STUBS:
        return remapped(vessel, address, effect->length);
    case EFFECT_REMAP:
        error = remapped(vessel, effect->remap.old_address.value, effect->remap.old_length);
        return error ? error : remapped(vessel, address, effect->length);
    default:
        return NULL;
    }
}

static struct error *grow(struct vessel_windows *windows)
{
    size_t capacity = windows->capacity ? 2 * windows->capacity : 64;
    struct vessel_window *grown = realloc(windows->window, capacity * sizeof(*grown));
    if (!grown)
        return &err_no_memory;
    windows->window = grown;
    windows->capacity = capacity;
    return NULL;
}

struct error *vessel_add_site(struct vessel *vessel, const struct effect *effect)
{
    struct vessel_windows *windows = &vessel->windows;
    uint64_t start = effect->address.value;
    if (effect->length < WINDOW_BYTES_MIN || effect->length > WINDOW_BYTES_MAX ||
        start >= USER_END || (start < REEL_AREA_END && start + WINDOW_BYTES_MAX > REEL_PAGE))
        return error_new("the trace is damaged or was made up",
                         "the trace has a window of %lu bytes at %#lx", effect->length, start);
    struct error *error = end_windows(vessel, start, effect->length, false);
    if (!error && windows->count >= windows->capacity)
        error = grow(windows);
    if (error)
        return error;
    size_t at = first_behind(windows, start);
    memmove(&windows->window[at + 1], &windows->window[at],
            (windows->count - at) * sizeof(*windows->window));
    windows->window[at] = (struct vessel_window){
        .start = start, .length = (uint8_t)effect->length, .stub_address = effect->site.stub.value};
    windows->count++;
    return NULL;
}

struct error *vessel_add_stubs(struct vessel *vessel, const struct effect *effect)
{
    struct vessel_windows *windows = &vessel->windows;
    struct vessel_stubs *grown =
        realloc(windows->stubs, (windows->stubs_count + 1) * sizeof(*grown));
    if (!grown)
        return &err_no_memory;
    windows->stubs = grown;
    grown[windows->stubs_count++] = (struct vessel_stubs){effect->address.value, effect->length};
    return NULL;
}

/* --- Looking --------------------------------------------------------------------------------- */

struct vessel_window *vessel_window_of_stub(struct vessel *vessel, uint64_t address)
{
    struct vessel_windows *windows = &vessel->windows;
    for (size_t i = 0; windows->patched && i < windows->count; i++) {
        struct vessel_window *window = &windows->window[i];
        if (window->patched && address - window->stub_address < STUB_BYTES)
            return window;
    }
    return NULL;
}

void vessel_hide_windows(const struct vessel *vessel, taddr address, uint8_t *bytes, size_t size)
{
    const struct vessel_windows *windows = &vessel->windows;
    if (!windows->patched)
        return;
    for (size_t i = first_behind(windows, address.value); i < windows->count; i++) {
        const struct vessel_window *window = &windows->window[i];
        if (window->start >= address.value + size)
            return;
        for (size_t j = 0; window->patched && j < sizeof(window->original); j++) {
            uint64_t offset = window->start + j - address.value;
            if (offset < size)
                bytes[offset] = window->original[j];
        }
    }
}
