/*
 * A history of a real program: it is single-stepped from its first instruction to its end, and
 * after each step its registers and what changed in its writable memory are kept.
 *
 * What an instruction can change is known by decoding it; after calls, and where it is not certain,
 * all writable memory is compared. Some 30,000 instructions a second, so for small programs; a few
 * threads are followed, one at a time, switched where one blocks. Caveats: a page is in the history
 * from the start with what it held when it was first seen.
 */
#include <Zydis/Zydis.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/cleanup.h"
#include "tests/fake/history.h"

#define REGIONS 128
#define BLOCKED_AFTER_MS 3
#define XSAVE_LIMIT 16384
#define OPERAND_LIMIT 64 /* bytes; what is larger (xsave) is not worth decoding */

struct region {
    uint64_t start, end;
};

struct stepper {
    struct target *target;
    pid_t pid;
    struct region writable[REGIONS];
    size_t writable_count;
    uint8_t *copy; /* of the largest writable region */
    size_t copy_size;
    struct history_moment now;
    ZydisDecoder decoder;
    struct {
        bool lives, running; /* running: resumed, not stopped again yet */
        int signal;          /* to deliver with the next step */
    } task[HISTORY_TASKS];
};

static void read_memory(struct stepper *stepper, uint64_t address, void *bytes, size_t size)
{
    struct iovec local = {bytes, size};
    struct iovec remote = {(void *)address, size};
    if (process_vm_readv(stepper->pid, &local, 1, &remote, 1, 0) != (ssize_t)size)
        memset(bytes, 0, size);
}

static void see_region(struct stepper *stepper, uint64_t start, uint64_t end, bool writable)
{
    for (uint64_t at = start; at < end; at += PAGE_BYTES) {
        if (!history_page(stepper->target, at))
            read_memory(stepper, at, history_add_page(stepper->target, at), PAGE_BYTES);
    }
    if (!writable || stepper->writable_count == REGIONS)
        return;
    stepper->writable[stepper->writable_count++] = (struct region){start, end};
    if (end - start > stepper->copy_size) {
        stepper->copy_size = end - start;
        stepper->copy = realloc(stepper->copy, stepper->copy_size);
    }
}

static void read_maps(struct stepper *stepper)
{
    char name[64], line[4096], rights[8];
    uint64_t start, end;
    snprintf(name, sizeof(name), "/proc/%d/maps", stepper->pid);
    CLEANUP(fclose) FILE *maps = fopen(name, "re");
    stepper->writable_count = 0;
    while (maps && fgets(line, sizeof(line), maps)) {
        /* a large reservation (a thread's arena) is not worth its copies */
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s", &start, &end, rights) == 3 &&
            rights[0] == 'r' && end - start <= 16 << 20 && start < UINT64_C(1) << 47)
            see_region(stepper, start, end, rights[1] == 'w');
    }
}

static void compare_word(struct stepper *stepper, uint64_t address, const uint8_t *now,
                         uint8_t *then)
{
    struct history_access access = {.address = address, .length = 8, .write = true};
    if (memcmp(now, then, 8) == 0)
        return;
    /* only the bytes that changed, or a watch on a neighbour would fire */
    unsigned first = 0, last = 8;
    while (now[first] == then[first])
        first++;
    while (now[last - 1] == then[last - 1])
        last--;
    access.address += first;
    access.length = last - first;
    memcpy(access.old, then + first, last - first);
    memcpy(access.new, now + first, last - first);
    history_add_access(stepper->target, &access);
    memcpy(then, now, 8);
}

static void compare_memory(struct stepper *stepper)
{
    for (size_t i = 0; i < stepper->writable_count; i++) {
        struct region *region = &stepper->writable[i];
        read_memory(stepper, region->start, stepper->copy, region->end - region->start);
        for (uint64_t at = region->start; at < region->end; at += PAGE_BYTES) {
            const uint8_t *now = stepper->copy + (at - region->start);
            uint8_t *then = history_page(stepper->target, at);
            if (memcmp(now, then, PAGE_BYTES) == 0)
                continue;
            for (unsigned j = 0; j < PAGE_BYTES; j += 8)
                compare_word(stepper, at + j, now + j, then + j);
        }
    }
}

/* Compares [address, address + size) alone. */
static void compare_range(struct stepper *stepper, uint64_t address, size_t size)
{
    uint8_t now[OPERAND_LIMIT + 16];
    uint64_t start = address & ~UINT64_C(7);
    size = (address + size - start + 7) & ~UINT64_C(7);
    if (size > sizeof(now) || !history_page(stepper->target, start) ||
        !history_page(stepper->target, start + size - 1))
        return;
    read_memory(stepper, start, now, size);
    for (size_t i = 0; i < size; i += 8)
        compare_word(stepper, start + i, now + i,
                     history_page(stepper->target, start + i) + (start + i) % PAGE_BYTES);
}

static uint64_t register_value(const struct trace_regs *regs, ZydisRegister reg)
{
    static const uint8_t order[] = {
        TRACE_RAX, TRACE_RCX, TRACE_RDX, TRACE_RBX, TRACE_RSP, TRACE_RBP, TRACE_RSI, TRACE_RDI,
        TRACE_R8,  TRACE_R9,  TRACE_R10, TRACE_R11, TRACE_R12, TRACE_R13, TRACE_R14, TRACE_R15};
    if (reg == ZYDIS_REGISTER_RIP)
        return regs->value[TRACE_RIP];
    ZydisRegister full = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
    if (full < ZYDIS_REGISTER_RAX || full > ZYDIS_REGISTER_R15)
        return 0;
    return regs->value[order[full - ZYDIS_REGISTER_RAX]];
}

/* Where an operand in memory is, given the registers before the instruction. */
static uint64_t operand_address(const ZydisDecodedInstruction *instruction,
                                const ZydisDecodedOperand *operand, const struct trace_regs *regs)
{
    uint64_t address = register_value(regs, operand->mem.base) +
                       register_value(regs, operand->mem.index) * operand->mem.scale +
                       (uint64_t)operand->mem.disp.value;
    if (operand->mem.base == ZYDIS_REGISTER_RIP)
        address += instruction->length;
    if (operand->mem.segment == ZYDIS_REGISTER_FS)
        address += regs->value[TRACE_FS_BASE];
    if (operand->mem.segment == ZYDIS_REGISTER_GS)
        address += regs->value[TRACE_GS_BASE];
    return address;
}

static void note_read(struct stepper *stepper, uint64_t address, size_t size)
{
    struct history_access access = {.address = address, .length = (uint32_t)(size < 8 ? size : 8)};
    history_add_access(stepper->target, &access);
}

/* What the instruction at the task's old registers touched. False: it is not known. */
static bool compare_operands(struct stepper *stepper, const struct trace_regs *regs)
{
    uint8_t code[16];
    ZydisDecodedInstruction instruction;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    size_t size =
        target_read(stepper->target, taddr_of(regs->value[TRACE_RIP]), code, sizeof(code));
    if (!ZYAN_SUCCESS(
            ZydisDecoderDecodeFull(&stepper->decoder, code, size, &instruction, operands)) ||
        instruction.mnemonic == ZYDIS_MNEMONIC_SYSCALL)
        return false;
    for (unsigned i = 0; i < instruction.operand_count; i++) {
        const ZydisDecodedOperand *operand = &operands[i];
        if (operand->type != ZYDIS_OPERAND_TYPE_MEMORY || operand->mem.type != ZYDIS_MEMOP_TYPE_MEM)
            continue;
        if (operand->size / 8 > OPERAND_LIMIT || operand->size == 0)
            return false;
        uint64_t address = operand_address(&instruction, operand, regs);
        if (operand->actions & ZYDIS_OPERAND_ACTION_MASK_READ)
            note_read(stepper, address, operand->size / 8);
        if (operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)
            compare_range(stepper, address, operand->size / 8);
    }
    compare_range(stepper, regs->value[TRACE_RSP] - 16, 32); /* pushes and calls */
    return true;
}

/* The vector state of a task, kept once as long as it does not change. */
static void read_xsave(struct target *target, uint32_t tid, struct history_state *state,
                       const struct history_state *last)
{
    static uint8_t bytes[XSAVE_LIMIT];
    struct iovec area = {bytes, sizeof(bytes)};
    if (ptrace(PTRACE_GETREGSET, tid, (void *)NT_X86_XSTATE, &area) < 0)
        return;
    if (last && last->xsave_size == area.iov_len && memcmp(last->xsave, bytes, area.iov_len) == 0)
        state->xsave = last->xsave;
    else
        state->xsave = history_keep(target, bytes, area.iov_len);
    state->xsave_size = area.iov_len;
}

static void read_task(struct stepper *stepper, size_t slot)
{
    struct target *target = stepper->target;
    uint32_t old = stepper->now.state[slot];
    struct history_state state = {0};
    struct user_regs_struct regs;
    if (ptrace(PTRACE_GETREGS, target->tids[slot], NULL, &regs) < 0)
        return;
    memcpy(&state.regs, &regs, sizeof(state.regs));
    read_xsave(target, target->tids[slot], &state, old ? &target->states[old - 1] : NULL);
    stepper->now.state[slot] = history_add_state(target, &state);
}

static void record(struct stepper *stepper, size_t slot, bool switched, int signal)
{
    if (switched || signal)
        stepper->now.position = (struct position){stepper->now.position.event + 1, 0};
    else
        stepper->now.position.count++;
    stepper->now.tid = stepper->target->tids[slot];
    stepper->now.switched = switched || signal;
    stepper->now.signal = signal;
    history_add_moment(stepper->target, &stepper->now);
    stepper->now.signal = 0;
}

static void add_task(struct stepper *stepper, uint32_t tid)
{
    size_t slot = history_task(stepper->target, tid);
    stepper->task[slot].lives = true;
    if (!stepper->now.state[slot])
        read_task(stepper, slot);
}

static void on_clone(struct stepper *stepper, uint32_t tid)
{
    unsigned long child = 0;
    int status;
    ptrace(PTRACE_GETEVENTMSG, tid, NULL, &child);
    waitpid((pid_t)child, &status, __WALL); /* its first stop */
    add_task(stepper, (uint32_t)child);
}

static void on_death(struct stepper *stepper, size_t slot)
{
    stepper->task[slot].lives = stepper->task[slot].running = false;
    stepper->now.state[slot] = 0;
}

/* A task stopped after a step, or died. */
static void on_stop(struct stepper *stepper, size_t slot, int status, size_t current)
{
    stepper->task[slot].running = false;
    if (!WIFSTOPPED(status)) {
        on_death(stepper, slot);
        return;
    }
    if (status >> 16 == PTRACE_EVENT_CLONE) {
        on_clone(stepper, stepper->target->tids[slot]);
        return; /* the step itself is reported next */
    }
    int signal = WSTOPSIG(status);
    struct trace_regs before = stepper->target->states[stepper->now.state[slot] - 1].regs;
    read_task(stepper, slot);
    if (slot != current)
        record(stepper, slot, true, 0);
    if (signal != SIGTRAP) {
        stepper->task[slot].signal = signal;
        record(stepper, slot, false, signal);
        return;
    }
    if (!compare_operands(stepper, &before))
        compare_memory(stepper);
    record(stepper, slot, false, 0);
}

static bool at_call(struct stepper *stepper, size_t slot)
{
    uint8_t code[2] = {0};
    uint32_t state = stepper->now.state[slot];
    if (!state)
        return false;
    uint64_t rip = stepper->target->states[state - 1].regs.value[TRACE_RIP];
    read_memory(stepper, rip, code, sizeof(code));
    return code[0] == 0x0f && code[1] == 0x05;
}

/* Waits for the task, or for a few milliseconds if it is in a call that may block. */
static bool wait_step(struct stepper *stepper, size_t slot, bool call, int *status)
{
    pid_t tid = (pid_t)stepper->target->tids[slot];
    if (!call)
        return waitpid(tid, status, __WALL) == tid;
    for (unsigned i = 0; i < BLOCKED_AFTER_MS * 10; i++) {
        if (waitpid(tid, status, __WALL | WNOHANG) == tid)
            return true;
        usleep(100);
    }
    return false;
}

static void step(struct stepper *stepper, size_t slot, size_t current)
{
    int status;
    bool call = at_call(stepper, slot);
    if (slot != current)
        record(stepper, slot, true, 0);
    ptrace(PTRACE_SINGLESTEP, stepper->target->tids[slot], NULL,
           (void *)(long)stepper->task[slot].signal);
    stepper->task[slot].signal = 0;
    stepper->task[slot].running = true;
    if (wait_step(stepper, slot, call, &status))
        on_stop(stepper, slot, status, slot);
    if (call)
        read_maps(stepper);
}

/* Takes the stops of tasks that had blocked. */
static void collect(struct stepper *stepper, bool wait, size_t current)
{
    int status;
    pid_t tid;
    while ((tid = waitpid(-1, &status, __WALL | (wait ? 0 : WNOHANG))) > 0) {
        on_stop(stepper, history_task(stepper->target, (uint32_t)tid), status, current);
        wait = false;
    }
}

static void run(struct stepper *stepper)
{
    size_t current = 0;
    for (unsigned steps = 0;; steps++) {
        size_t lives = 0, next = HISTORY_TASKS;
        if (stepper->target->task_count > 1 && steps % 64 == 0)
            collect(stepper, false, current);
        for (size_t i = 0; i < HISTORY_TASKS; i++) {
            size_t slot = (current + i) % HISTORY_TASKS;
            lives += stepper->task[slot].lives;
            if (stepper->task[slot].lives && !stepper->task[slot].running && next == HISTORY_TASKS)
                next = slot;
        }
        if (lives == 0)
            return;
        if (next == HISTORY_TASKS) {
            collect(stepper, true, HISTORY_TASKS);
            continue;
        }
        step(stepper, next, current);
        current = next;
    }
}

static void read_auxv(struct stepper *stepper)
{
    char name[64];
    uint8_t bytes[4096];
    snprintf(name, sizeof(name), "/proc/%d/auxv", stepper->pid);
    CLEANUP(close_fd) int fd = open(name, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));
    if (size > 0)
        buffer_put(&stepper->target->auxv, bytes, (size_t)size);
}

struct error *stepper_run(const char *const *arguments, struct target **ret)
{
    struct stepper stepper = {0};
    int status;
    CLEANUP(free) char *path = realpath(arguments[0], NULL);
    if (!path)
        return error_errno(NULL, "%s", arguments[0]);
    stepper.pid = fork();
    if (stepper.pid == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        personality(ADDR_NO_RANDOMIZE);
        execv(path, (char *const *)arguments);
        _exit(127);
    }
    if (waitpid(stepper.pid, &status, 0) != stepper.pid || !WIFSTOPPED(status))
        return error_new(NULL, "cannot run %s", path);
    ptrace(PTRACE_SETOPTIONS, stepper.pid, NULL, (void *)(PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL));
    stepper.target = history_create((uint32_t)stepper.pid, path);
    ZydisDecoderInit(&stepper.decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    read_auxv(&stepper);
    read_maps(&stepper);
    add_task(&stepper, (uint32_t)stepper.pid);
    stepper.now.tid = (uint32_t)stepper.pid;
    stepper.now.switched = true;
    history_add_moment(stepper.target, &stepper.now);
    run(&stepper);
    free(stepper.copy);
    history_rewind(stepper.target);
    *ret = stepper.target;
    return NULL;
}
