/*
 * A child process whose code the translator runs: it has mapped the engine's memory itself, and
 * stands before the code that a test gives it, with registers that are the same each time.
 */
#ifndef REEL_TESTS_UNIT_TRANSLATED_CHILD_H
#define REEL_TESTS_UNIT_TRANSLATED_CHILD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/cleanup.h"
#include "engine/tracee/reel_page.h"
#include "engine/translate/translator.h"

#define FOREVER (1ull << 50)

static inline void no_error(struct error *error)
{
    if (error)
        fail_msg("%s", error_message(error));
}

static inline struct error *is_mapped(void *context, uint64_t address, uint64_t length,
                                      bool executable)
{
    return NULL; /* the child has done it */
}

struct fixture {
    struct tracee *tracee;
    struct translator *translator;
};

/* A child that is about to execute the code at `start`. */
static inline struct fixture begin(const char *start)
{
    struct fixture fixture;
    struct stop stop;
    struct user_regs_struct *regs;
    pid_t pid = fork();
    if (pid == 0) {
        mmap((void *)REEL_PAGE, REEL_AREA_END - REEL_PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        _exit(1);
    }
    no_error(tracee_create(pid, &fixture.tracee));
    no_error(tracee_wait(fixture.tracee, &stop));
    ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD);
    no_error(tracee_regs(fixture.tracee, &regs));
    *regs = (struct user_regs_struct){.rip = (uint64_t)start,
                                      .rsp = regs->rsp - 4096,
                                      .rdi = 100000,
                                      .rbx = 0x9e3779b97f4a7c15,
                                      .eflags = 0x202,
                                      .orig_rax = (uint64_t)-1,
                                      .cs = regs->cs,
                                      .ss = regs->ss,
                                      .fs_base = regs->fs_base};
    tracee_regs_changed(fixture.tracee);
    no_error(translator_create(fixture.tracee, is_mapped, NULL, &fixture.translator));
    return fixture;
}

static inline void end(struct fixture *fixture)
{
    pid_t pid = tracee_tid(fixture->tracee);
    translator_destroy(fixture->translator);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, __WALL);
    tracee_destroy(fixture->tracee);
}

static inline struct run_result run(struct fixture *fixture,
                                    const struct run_conditions *conditions, uint64_t limit)
{
    struct run_result result;
    no_error(translator_run(fixture->translator, conditions, limit, &result));
    return result;
}

static inline struct user_regs_struct registers(struct fixture *fixture)
{
    struct user_regs_struct *regs;
    no_error(tracee_regs(fixture->tracee, &regs));
    return *regs;
}

#endif
