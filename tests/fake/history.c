/* The target of tests. See history.h. */
#include "tests/fake/history.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Room for one more: arrays grow by doubling at powers of two. */
static void *grow(void *array, size_t count, size_t size)
{
    if (count & (count - 1))
        return array;
    array = realloc(array, (count ? 2 * count : 1) * size);
    if (!array)
        abort();
    return array;
}

struct target *history_create(uint32_t pid, const char *executable)
{
    static const char *const no_arguments[] = {NULL};
    struct target *target = calloc(1, sizeof(*target));
    if (!target)
        abort();
    target->info.stream = 1;
    target->info.first_tid = pid;
    target->info.origin = (struct stream_origin){
        .pid = pid, .executable = strdup(executable), .arguments = no_arguments};
    return target;
}

void target_close(struct target *target)
{
    for (size_t i = 0; i < target->page_count; i++)
        free(target->pages[i].bytes);
    for (size_t i = 0; i < target->kept_count; i++)
        free(target->kept[i]);
    free(target->kept);
    free(target->pages);
    free(target->moments);
    free(target->states);
    free(target->accesses);
    free(target->points);
    free((char *)target->info.origin.executable);
    buffer_deinit(&target->auxv);
    free(target);
}

void *history_keep(struct target *target, const void *bytes, size_t size)
{
    void *copy = malloc(size);
    if (!copy)
        abort();
    target->kept = grow(target->kept, target->kept_count, sizeof(*target->kept));
    target->kept[target->kept_count++] = copy;
    return memcpy(copy, bytes, size);
}

size_t history_task(struct target *target, uint32_t tid)
{
    size_t i = 0;
    while (i < target->task_count && target->tids[i] != tid)
        i++;
    if (i == target->task_count) {
        if (i == HISTORY_TASKS)
            abort();
        target->tids[target->task_count++] = tid;
    }
    return i;
}

uint32_t history_add_state(struct target *target, const struct history_state *state)
{
    target->states = grow(target->states, target->state_count, sizeof(*state));
    target->states[target->state_count++] = *state;
    return (uint32_t)target->state_count;
}

void history_add_access(struct target *target, const struct history_access *access)
{
    target->accesses = grow(target->accesses, target->access_count, sizeof(*access));
    target->accesses[target->access_count++] = *access;
}

void history_add_moment(struct target *target, const struct history_moment *moment)
{
    target->moments = grow(target->moments, target->moment_count, sizeof(*moment));
    target->moments[target->moment_count] = *moment;
    target->moments[target->moment_count].accesses = target->access_count;
    target->at = target->moment_count++;
    target->events = moment->position.event + 1;
}

/* --- Memory --- */

static size_t page_index(const struct target *target, uint64_t address)
{
    size_t low = 0, high = target->page_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (target->pages[middle].address < page_down(address))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint8_t *history_page(struct target *target, uint64_t address)
{
    size_t i = page_index(target, address);
    bool found = i < target->page_count && target->pages[i].address == page_down(address);
    return found ? target->pages[i].bytes : NULL;
}

uint8_t *history_add_page(struct target *target, uint64_t address)
{
    size_t i = page_index(target, address);
    target->pages = grow(target->pages, target->page_count, sizeof(*target->pages));
    memmove(target->pages + i + 1, target->pages + i,
            (target->page_count - i) * sizeof(*target->pages));
    target->page_count++;
    target->pages[i] = (struct history_page){page_down(address), calloc(1, PAGE_BYTES)};
    return target->pages[i].bytes;
}

static void apply(struct target *target, const struct history_access *access, bool forward)
{
    const uint8_t *bytes = forward ? access->new : access->old;
    for (uint32_t i = 0; access->write && i < access->length; i++) {
        uint8_t *page = history_page(target, access->address + i);
        if (page)
            page[(access->address + i) % PAGE_BYTES] = bytes[i];
    }
}

static void move_to(struct target *target, size_t at)
{
    size_t now = target->moments[target->at].accesses;
    size_t then = target->moments[at].accesses;
    for (; now < then; now++)
        apply(target, &target->accesses[now], true);
    for (; now > then; now--)
        apply(target, &target->accesses[now - 1], false);
    target->at = at;
}

void history_rewind(struct target *target)
{
    move_to(target, 0);
}

size_t target_read(struct target *target, taddr address, void *bytes, size_t size)
{
    size_t done = 0;
    while (done < size) {
        uint64_t at = address.value + done;
        uint8_t *page = history_page(target, at);
        if (!page)
            break;
        size_t piece = PAGE_BYTES - at % PAGE_BYTES;
        if (piece > size - done)
            piece = size - done;
        memcpy((uint8_t *)bytes + done, page + at % PAGE_BYTES, piece);
        done += piece;
    }
    return done;
}

/* --- Points --- */

static size_t find_point(const struct target *target, enum watch_kind kind, taddr address,
                         uint64_t length)
{
    size_t i = 0;
    while (i < target->point_count &&
           !(target->points[i].kind == kind && target->points[i].address == address.value &&
             (kind == WATCH_EXECUTE || target->points[i].length == length)))
        i++;
    return i;
}

struct error *target_insert(struct target *target, enum watch_kind kind, taddr address,
                            uint64_t length)
{
    if (find_point(target, kind, address, length) < target->point_count)
        return NULL;
    target->points = realloc(target->points, (target->point_count + 1) * sizeof(*target->points));
    target->points[target->point_count++] =
        (struct history_point){.kind = kind, .address = address.value, .length = length};
    return NULL;
}

void target_remove(struct target *target, enum watch_kind kind, taddr address, uint64_t length)
{
    size_t i = find_point(target, kind, address, length);
    if (i == target->point_count)
        return;
    target->point_count--;
    memmove(target->points + i, target->points + i + 1,
            (target->point_count - i) * sizeof(*target->points));
}

void target_remove_all(struct target *target)
{
    free(target->points);
    target->points = NULL;
    target->point_count = 0;
}

/* --- Running --- */

static const struct history_state *state_of(const struct target *target, size_t moment,
                                            uint32_t tid)
{
    for (size_t i = 0; i < target->task_count; i++) {
        uint32_t state = target->moments[moment].state[i];
        if (target->tids[i] == tid && state)
            return &target->states[state - 1];
    }
    return NULL;
}

static uint64_t program_counter(const struct target *target, size_t moment)
{
    const struct history_state *state = state_of(target, moment, target->moments[moment].tid);
    return state ? state->regs.value[TRACE_RIP] : 0;
}

static bool touches(const struct history_point *point, const struct history_access *access)
{
    bool kind = access->write ? point->kind == WATCH_WRITE || point->kind == WATCH_ACCESS
                              : point->kind == WATCH_READ || point->kind == WATCH_ACCESS;
    return kind && access->address < point->address + point->length &&
           point->address < access->address + access->length;
}

/* Whether a watchpoint fired between moments `before` and `before` + 1. */
static bool watched(const struct target *target, size_t before, struct target_stop *ret)
{
    for (size_t i = target->moments[before].accesses; i < target->moments[before + 1].accesses;
         i++) {
        for (size_t j = 0; j < target->point_count; j++) {
            if (!touches(&target->points[j], &target->accesses[i]))
                continue;
            ret->reason = STOPPED_WATCHPOINT;
            ret->watch = target->points[j].kind;
            ret->address = taddr_of(target->points[j].address);
            return true;
        }
    }
    return false;
}

static bool at_breakpoint(const struct target *target, struct target_stop *ret)
{
    uint64_t rip = program_counter(target, target->at);
    taddr address = taddr_of(rip);
    if (target->moments[target->at].switched ||
        find_point(target, WATCH_EXECUTE, address, 0) == target->point_count)
        return false;
    ret->reason = STOPPED_BREAKPOINT;
    ret->address = address;
    return true;
}

/* Whether the moment just reached ends the run; `executed`: the task whose instruction lies between
 * it and the last one, 0 for none. */
static bool reached(struct target *target, const struct resume *resume, size_t before,
                    uint32_t executed, struct target_stop *ret)
{
    if (watched(target, before, ret) || at_breakpoint(target, ret))
        return true;
    if (target->moments[target->at].signal) {
        ret->reason = STOPPED_SIGNAL;
        ret->signal = target->moments[target->at].signal;
        return true;
    }
    uint64_t rip = program_counter(target, target->at);
    if (resume->mode == RESUME_CONTINUE || executed != resume->tid)
        return false;
    ret->reason = STOPPED_STEP;
    return resume->mode == RESUME_STEP || rip < resume->range_start.value ||
           rip >= resume->range_end.value;
}

static uint32_t executed_before(const struct target *target, size_t moment)
{
    const struct history_moment *reached_moment = &target->moments[moment];
    return reached_moment->switched ? 0 : reached_moment->tid;
}

/* One moment on or back. False at the end of the history. */
static bool move_one(struct target *target, const struct resume *resume, struct target_stop *ret,
                     bool *stopped)
{
    size_t at = target->at;
    if (resume->direction == FORWARD) {
        if (at + 1 == target->moment_count) {
            ret->reason = STOPPED_END;
            return false;
        }
        move_to(target, at + 1);
        *stopped = reached(target, resume, at, executed_before(target, at + 1), ret);
        return true;
    }
    if (at == 0) {
        ret->reason = STOPPED_START;
        return false;
    }
    move_to(target, at - 1);
    *stopped = reached(target, resume, at - 1, executed_before(target, at), ret);
    return true;
}

struct error *target_resume(struct target *target, const struct resume *resume,
                            struct target_stop *ret)
{
    struct resume wish = *resume;
    bool stopped = false;
    *ret = (struct target_stop){0};
    target->interrupt = false;
    if (!wish.tid)
        wish.tid = target_current_task(target);
    while (!stopped && move_one(target, &wish, ret, &stopped)) {
        if (target->moment_microseconds)
            usleep(target->moment_microseconds);
        if (!stopped && target->interrupt) {
            ret->reason = STOPPED_INTERRUPT;
            break;
        }
    }
    ret->tid = target_current_task(target);
    target->signaled = ret->reason == STOPPED_SIGNAL;
    memcpy(target->siginfo, &ret->signal, sizeof(ret->signal));
    return NULL;
}

void target_interrupt(struct target *target)
{
    target->interrupt = true;
}

struct error *target_seek(struct target *target, struct position position)
{
    for (size_t i = 0; i < target->moment_count; i++) {
        if (position_compare(target->moments[i].position, position) == 0) {
            move_to(target, i);
            return NULL;
        }
    }
    return error_new(NULL, "the recording has no such position");
}

struct error *target_position(struct target *target, struct position *ret)
{
    *ret = target->moments[target->at].position;
    return NULL;
}

uint64_t target_events(const struct target *target)
{
    return target->events;
}

/* --- State --- */

const struct stream_info *target_stream(const struct target *target)
{
    return &target->info;
}

size_t target_tasks(const struct target *target, uint32_t *tids, size_t capacity)
{
    size_t count = 0;
    for (size_t i = 0; i < target->task_count; i++) {
        if (!target->moments[target->at].state[i])
            continue;
        if (count < capacity)
            tids[count] = target->tids[i];
        count++;
    }
    return count;
}

uint32_t target_current_task(const struct target *target)
{
    return target->moments[target->at].tid;
}

uint32_t target_pid(const struct target *target)
{
    return target->info.origin.pid;
}

struct error *target_registers(struct target *target, uint32_t tid, struct trace_regs *ret)
{
    const struct history_state *state = state_of(target, target->at, tid);
    if (!state)
        return error_new(NULL, "no task %u", tid);
    *ret = state->regs;
    return NULL;
}

struct error *target_xsave(struct target *target, uint32_t tid, const uint8_t **ret, size_t *size)
{
    const struct history_state *state = state_of(target, target->at, tid);
    if (!state || !state->xsave)
        return error_new(NULL, "no vector state");
    *ret = state->xsave;
    *size = state->xsave_size;
    return NULL;
}

struct error *target_auxv(struct target *target, struct buffer *ret)
{
    buffer_put(ret, target->auxv.data, target->auxv.size);
    return NULL;
}

int target_open_file(const struct target *target, const char *path)
{
    bool known = strcmp(path, target->info.origin.executable) == 0;
    return known ? open(path, O_RDONLY | O_CLOEXEC) : -1;
}

const uint8_t *target_siginfo(const struct target *target)
{
    return target->signaled ? target->siginfo : NULL;
}
