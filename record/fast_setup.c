/*
 * Slots are one segment of System V shared memory, which tracees attach by its number: that takes
 * no descriptor of theirs, nor a file that they might not see. It is marked for removal as soon as
 * we have it, and goes with the last process (shmctl(2), IPC_RMID; Linux lets others attach it
 * meanwhile).
 */
#include <asm/unistd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include "engine/fastpath/hook_image.h"
#include "record/recorder.h"

void fast_begin(struct recorder *recorder)
{
    recorder->slots = NULL;
    if (recorder->options->no_fast_path || recorder->options->chaos)
        return;
    int segment =
        shmget(IPC_PRIVATE, (size_t)HOOK_SLOTS_COUNT * HOOK_SLOT_BYTES, 0600 | SHM_NORESERVE);
    if (segment < 0)
        return;
    void *slots = shmat(segment, NULL, 0);
    shmctl(segment, IPC_RMID, NULL);
    if (slots == (void *)-1)
        return;
    recorder->slots = slots;
    recorder->slots_segment = segment;
}

void fast_end(struct recorder *recorder)
{
    if (recorder->slots)
        shmdt(recorder->slots);
    recorder->slots = NULL;
}

/* NULL: all are in use. */
static struct hook_slot *take_slot(struct recorder *recorder)
{
    if (recorder->slots_used == UINT64_MAX)
        return NULL;
    int index = __builtin_ctzll(~recorder->slots_used);
    recorder->slots_used |= 1ull << index;
    return &recorder->slots[index];
}
_Static_assert(HOOK_SLOTS_COUNT == 64, "a bit each");

static uint64_t address_of(const struct recorder *recorder, const struct hook_slot *slot)
{
    return HOOK_SLOTS + (uint64_t)(slot - recorder->slots) * HOOK_SLOT_BYTES;
}

/* Without its entries, which take memory only where they are written. */
static void clear(struct hook_slot *slot)
{
    memset(slot, 0, offsetof(struct hook_slot, entries));
}

static struct error *use_slot(struct recorder *recorder, struct task *task, struct hook_slot *slot)
{
    const uint64_t address = slot ? address_of(recorder, slot) : 0;
    task->group->fast.slot = slot;
    fast_show_mask(task);
    return tracee_write(task->tracee, taddr_of(HOOK_STATE + HOOK_STATE_SLOT), &address,
                        sizeof(address));
}

static struct error *write_hook(struct task *task)
{
    uint8_t bytes[HOOK_CODE_BYTES + HOOK_PLAN_BYTES] = {0};
    _Static_assert(HOOK_CODE + HOOK_CODE_BYTES == HOOK_PLAN, "side by side");
    memcpy(bytes, hook_image, (size_t)(hook_image_end - hook_image));
    memcpy(bytes + HOOK_CODE_BYTES, hook_plan(), HOOK_PLAN_CALLS * sizeof(struct hook_plan));
    return tracee_write_code(task->tracee, taddr_of(HOOK_CODE), bytes, sizeof(bytes));
}

struct error *fast_attach(struct recorder *recorder, struct task *task)
{
    int64_t result;
    if (!recorder->slots)
        return NULL;
    const uint64_t arguments[6] = {(uint64_t)recorder->slots_segment, HOOK_SLOTS, 0};
    struct error *error = tracee_inject(task->tracee, __NR_shmat, arguments, &result);
    if (error || result != HOOK_SLOTS) /* another user's program, another IPC namespace */
        return error;
    struct hook_slot *slot = take_slot(recorder);
    if (!slot)
        return NULL;
    clear(slot);
    slot->alone = 1;
    struct fastpath *fast = &task->group->fast;
    fast->area[fast->areas++] = (struct stub_area){
        .start = HOOK_STUBS, .end = HOOK_STUBS + HOOK_STUBS_BYTES, .next = HOOK_STUBS};
    error = write_hook(task);
    return error ? error : use_slot(recorder, task, slot);
}

static struct error *copy_windows(struct fastpath *to, const struct fastpath *from)
{
    memcpy(to->area, from->area, sizeof(to->area));
    memcpy(to->interrupted, from->interrupted, sizeof(to->interrupted));
    to->areas = from->areas;
    to->interruptions = from->interruptions;
    if (!from->count)
        return NULL;
    to->window = malloc(from->count * sizeof(*to->window));
    if (!to->window)
        return &err_no_memory;
    memcpy(to->window, from->window, from->count * sizeof(*to->window));
    to->count = to->capacity = from->count;
    for (size_t i = 0; i < to->count; i++)
        to->window[i].inherited = true;
    return NULL;
}

struct error *fast_fork(struct recorder *recorder, struct task *creator, struct task *child,
                        bool shares_files)
{
    struct fastpath *parent = &creator->group->fast, *fast = &child->group->fast;
    parent->shares_files = fast->shares_files = shares_files || parent->shares_files;
    if (!parent->slot)
        return NULL;
    struct error *error = copy_windows(fast, parent);
    if (shares_files)
        memset(parent->slot->descriptor, DESCRIPTOR_TRACED, HOOK_DESCRIPTORS);
    struct hook_slot *slot = take_slot(recorder);
    if (slot) {
        clear(slot);
        slot->alone = 1;
        memcpy(slot->descriptor, parent->slot->descriptor, sizeof(slot->descriptor));
    }
    return error ? error : use_slot(recorder, child, slot);
}

void fast_join_stranger(struct task *task, bool shares_files)
{
    struct fastpath *fast = &task->group->fast;
    task->is_stranger = true;
    fast->strangers++;
    fast->shares_files = fast->shares_files || shares_files;
    if (fast->slot && shares_files)
        memset(fast->slot->descriptor, DESCRIPTOR_TRACED, HOOK_DESCRIPTORS);
    fast_stop_at_call(task->group);
}

void fast_release(struct recorder *recorder, struct group *group)
{
    struct fastpath *fast = &group->fast;
    if (fast->slot)
        recorder->slots_used &= ~(1ull << (fast->slot - recorder->slots));
    fast_count_uses(recorder, fast);
    free(fast->window);
    *fast = (struct fastpath){0};
}
