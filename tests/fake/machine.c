/*
 * An invented run of two tasks, 100 and 101, for unit tests.
 *
 * In each round r (from 0) task 100 and then task 101 execute three instructions:
 *
 *    0x1000   store r + 1 in its word: 0x2000 for task 100, 0x2008 for task 101
 *    0x1004   load that word into rax
 *    0x1008   jump to 0x1000
 *
 * Each turn is an event, so turn t of the run is at positions (t, 0) to (t, 3). In round 3, before
 * its turn, task 101 is sent SIGUSR1, and in round 4 SIGCHLD.
 */
#include <signal.h>
#include <string.h>

#include "tests/fake/history.h"

struct machine {
    struct target *target;
    struct history_moment now;
    struct history_state states[2];
};

static void record(struct machine *machine, unsigned task, bool switched)
{
    machine->now.tid = 100 + task;
    machine->now.switched = switched;
    machine->now.state[task] = history_add_state(machine->target, &machine->states[task]);
    history_add_moment(machine->target, &machine->now);
}

static void access_word(struct machine *machine, unsigned task, bool write, uint64_t value)
{
    struct history_access access = {.address = 0x2000 + 8 * task, .length = 8, .write = write};
    uint8_t *page = history_page(machine->target, 0x2000);
    memcpy(access.old, page + 8 * task, 8);
    if (write)
        memcpy(page + 8 * task, &value, 8);
    memcpy(access.new, page + 8 * task, 8);
    history_add_access(machine->target, &access);
}

static void turn(struct machine *machine, unsigned task, unsigned round)
{
    uint64_t *regs = machine->states[task].regs.value;
    bool sent = task == 1 && (round == 3 || round == 4);
    machine->now.signal = sent ? (round == 3 ? SIGUSR1 : SIGCHLD) : 0;
    record(machine, task, true);
    machine->now.signal = 0;
    for (unsigned i = 0; i < 3; i++) {
        if (i == 0)
            access_word(machine, task, true, round + 1);
        if (i == 1) {
            access_word(machine, task, false, 0);
            regs[TRACE_RAX] = round + 1;
        }
        regs[TRACE_RIP] = i == 2 ? 0x1000 : 0x1004 + 4 * i;
        machine->now.position.count++;
        record(machine, task, false);
    }
    machine->now.position = (struct position){machine->now.position.event + 1, 0};
}

struct target *machine_run(unsigned rounds)
{
    static uint8_t xsave[1088];
    struct machine machine = {.target = history_create(100, "/bin/true")};
    static const uint8_t code[] = "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b";
    memcpy(history_add_page(machine.target, 0x1000), code, sizeof(code));
    history_add_page(machine.target, 0x2000);
    for (unsigned i = 0; i < 576; i++)
        xsave[i] = i < 512 ? (uint8_t)i : i == 512 ? 7 : 0;
    memset(xsave + 576, 0xab, 256);
    for (unsigned i = 0; i < 2; i++) {
        history_task(machine.target, 100 + i);
        struct history_state *state = &machine.states[i];
        state->xsave = xsave;
        state->xsave_size = sizeof(xsave);
        for (unsigned j = 0; j < TRACE_REGS; j++)
            state->regs.value[j] = 0x0101010101010101 * j;
        state->regs.value[TRACE_RIP] = 0x1000;
        machine.now.state[i] = history_add_state(machine.target, state);
    }
    for (unsigned i = 0; i < rounds; i++) {
        turn(&machine, 0, i);
        turn(&machine, 1, i);
    }
    history_rewind(machine.target);
    return machine.target;
}
