#include "tests/random/subject.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/tracee/reel_page.h"

static void check(struct error *error)
{
    if (!error)
        return;
    fprintf(stderr, "random-code: %s\n", error_message(error));
    exit(2);
}

static void map_at(uint64_t address, size_t size, int protection)
{
    void *at = mmap((void *)address, size, protection,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (at != (void *)address)
        _exit(1);
}

/* The child: it maps what it needs, the engine's memory as well, and stops for good. */
static void be_subject(void)
{
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    for (int i = 0; i < PLACES; i++) {
        map_at(places[i].code, CODE_BYTES, PROT_READ | PROT_EXEC);
        map_at(places[i].data, DATA_BYTES, PROT_READ | PROT_WRITE);
        map_at(places[i].stack, STACK_BYTES, PROT_READ | PROT_WRITE);
    }
    map_at(REEL_SCRATCH, REEL_AREA_END - REEL_SCRATCH, PROT_READ | PROT_WRITE | PROT_EXEC);
    raise(SIGSTOP);
    _exit(1);
}

static struct error *is_mapped(void *context, uint64_t address, uint64_t length, bool executable)
{
    return address >= REEL_SCRATCH && address + length <= REEL_AREA_END
               ? NULL
               : error_new(NULL, "the engine wants memory elsewhere");
}

void subject_open(struct subject *ret)
{
    struct stop stop;
    uint8_t xsave[XSAVE_MAX];
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        be_subject();
    check(tracee_create(pid, &ret->tracee));
    check(tracee_wait(ret->tracee, &stop));
    if (stop.kind != STOP_SIGNAL && stop.kind != STOP_GROUP) {
        fprintf(stderr, "random-code: the subject did not start\n");
        exit(2);
    }
    ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD);
    check(tracee_get_xsave(ret->tracee, xsave, &ret->xsave_size));
    check(translator_create(ret->tracee, is_mapped, NULL, &ret->translator));
}

void subject_close(struct subject *subject)
{
    translator_destroy(subject->translator);
    kill(tracee_tid(subject->tracee), SIGKILL);
    waitpid(tracee_tid(subject->tracee), NULL, __WALL);
    tracee_destroy(subject->tracee);
}

void subject_load(struct subject *subject, const struct sequence *sequences, size_t count)
{
    uint8_t code[SLOT_BYTES];
    for (size_t i = 0; i < count; i++) {
        sequence_code(&sequences[i], code);
        check(tracee_write(subject->tracee, taddr_of(sequence_address(&sequences[i])), code,
                           sizeof(code)));
    }
    for (int i = 0; i < PLACES; i++)
        translator_forget(subject->translator, taddr_of(places[i].code), CODE_BYTES, false);
}

void subject_reset(struct subject *subject, const struct sequence *sequence)
{
    const struct place *place = &places[sequence->place];
    struct user_regs_struct *regs;
    uint8_t xsave[XSAVE_MAX];
    size_t size;
    check(tracee_write(subject->tracee, taddr_of(place->data), sequence->data, DATA_BYTES));
    check(tracee_write(subject->tracee, taddr_of(place->stack), sequence->stack, STACK_BYTES));
    check(tracee_get_xsave(subject->tracee, xsave, &size));
    state_draw_xsave(sequence->xsave_seed, xsave, size);
    check(tracee_set_xsave(subject->tracee, xsave, size));
    check(tracee_regs(subject->tracee, &regs));
    struct user_regs_struct before = *regs;
    *regs = sequence->regs;
    regs->cs = before.cs; /* the kernel's, the others are null in a 64-bit program */
    regs->ss = before.ss;
    regs->orig_rax = (uint64_t)-1;
    tracee_regs_changed(subject->tracee);
}

static void read_state(struct subject *subject, const struct sequence *sequence, struct state *ret)
{
    const struct place *place = &places[sequence->place];
    struct user_regs_struct *regs;
    size_t size;
    check(tracee_regs(subject->tracee, &regs));
    ret->regs = *regs;
    check(tracee_get_xsave(subject->tracee, ret->xsave, &size));
    check(tracee_read(subject->tracee, taddr_of(place->data), ret->data, DATA_BYTES));
    check(tracee_read(subject->tracee, taddr_of(place->stack), ret->stack, STACK_BYTES));
}

void subject_run(struct subject *subject, const struct sequence *sequence, enum way way,
                 const struct run_conditions *conditions, uint64_t limit, struct outcome *ret)
{
    struct error *error =
        way == BY_STEPS ? run_counted(subject->tracee, conditions, limit, &ret->result)
                        : translator_run(subject->translator, conditions, limit, &ret->result);
    snprintf(ret->error, sizeof(ret->error), "%s", error ? error_message(error) : "");
    error_free(error);
    read_state(subject, sequence, &ret->state);
}
