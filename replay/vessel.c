#include "replay/vessel_private.h"

#include <asm/unistd.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "engine/base/cleanup.h"
#include "engine/count/step.h"
#include "engine/tracee/reel_page.h"
#include "engine/tracee/spawn.h"

struct tracee *vessel_tracee(struct vessel *vessel)
{
    return vessel->tracee;
}

/* --- Injected calls
 * -------------------------------------------------------------------------------------- */

/* An interrupt or a tick that comes now is too late for the run before, or too early for the next:
 * whoever sent it has also set the run's `interrupted`. */
static struct error *run_to_trap(struct vessel *vessel, struct stop *stop)
{
    struct error *error;
    do {
        error = tracee_run(vessel->tracee, RUN_ON, 0);
        if (!error)
            error = tracee_wait(vessel->tracee, stop);
    } while (!error && stop->kind == STOP_SIGNAL &&
             stop_from_outside(vessel->tracee, *stop) != NOT_OUTSIDE);
    return error;
}

static struct error *unexpected_stop(const struct stop *stop, long number)
{
    if (stop->kind == STOP_EXITED || stop->kind == STOP_KILLED)
        return error_new("was it killed by somebody, or is memory short?",
                         "the process that carries the replay is gone");
    return error_new(NULL, "injected call %ld met a stop of kind %s (signal %d)", number,
                     stop_kind_name(stop->kind), stop->signal);
}

/*
 * One call, with one stop: the int3 behind the instruction. A vessel has no signals of the
 * program's. With `child`, the call is a clone, and the new process's id is stored there.
 */
static struct error *call_kernel(struct vessel *vessel, long number, const uint64_t arguments[6],
                                 pid_t *child, int64_t *ret)
{
    struct user_regs_struct *regs;
    struct stop stop;
    struct error *error = tracee_regs(vessel->tracee, &regs);
    if (error)
        return error;
    struct user_regs_struct saved = *regs;
    *regs = (struct user_regs_struct){.rip = REEL_PAGE_CALL,
                                      .rax = (uint64_t)number,
                                      .orig_rax = (uint64_t)-1,
                                      .rdi = arguments[0],
                                      .rsi = arguments[1],
                                      .rdx = arguments[2],
                                      .r10 = arguments[3],
                                      .r8 = arguments[4],
                                      .r9 = arguments[5],
                                      .cs = saved.cs,
                                      .ss = saved.ss,
                                      .ds = saved.ds,
                                      .es = saved.es,
                                      .fs = saved.fs,
                                      .gs = saved.gs,
                                      .fs_base = saved.fs_base,
                                      .gs_base = saved.gs_base,
                                      .eflags = 0x202};
    tracee_regs_changed(vessel->tracee);
    error = run_to_trap(vessel, &stop);
    if (!error && child && stop.kind == STOP_CLONE) {
        unsigned long message;
        error = tracee_event_message(vessel->tracee, &message);
        if (!error)
            error = run_to_trap(vessel, &stop);
        *child = error ? 0 : (pid_t)message;
    }
    if (!error && (stop.kind != STOP_SIGNAL || stop.signal != SIGTRAP))
        error = unexpected_stop(&stop, number);
    if (!error)
        error = tracee_regs(vessel->tracee, &regs);
    if (error)
        return error;
    *ret = (int64_t)regs->rax;
    *regs = saved;
    regs->orig_rax = (uint64_t)-1;
    tracee_regs_changed(vessel->tracee);
    return NULL;
}

struct error *vessel_try_call(struct vessel *vessel, long number, const uint64_t arguments[6],
                              int64_t *ret)
{
    return call_kernel(vessel, number, arguments, NULL, ret);
}

struct error *vessel_call(struct vessel *vessel, const char *what, long number,
                          const uint64_t arguments[6], int64_t *ret)
{
    struct error *error = call_kernel(vessel, number, arguments, NULL, ret);
    if (error || *ret >= 0 || *ret < -4095)
        return error;
    errno = (int)-*ret;
    return error_errno(NULL, "%s(%#lx, %#lx, %#lx, %#lx) failed in the replayed process", what,
                       arguments[0], arguments[1], arguments[2], arguments[3]);
}

/* --- Creation
 * -------------------------------------------------------------------------------------------- */

/* An executable of one segment: the headers, and behind them, nothing; the reel page's code lies at
 * its start. */
struct image {
    Elf64_Ehdr header;
    Elf64_Phdr segment;
    uint8_t padding[PAGE_BYTES - sizeof(Elf64_Ehdr) - sizeof(Elf64_Phdr)];
    uint8_t code[PAGE_BYTES];
};

static void fill_image(struct image *image)
{
    static const uint8_t code[] = REEL_PAGE_CODE;
    memset(image, 0, sizeof(*image));
    memcpy(image->header.e_ident, ELFMAG, SELFMAG);
    image->header.e_ident[EI_CLASS] = ELFCLASS64;
    image->header.e_ident[EI_DATA] = ELFDATA2LSB;
    image->header.e_ident[EI_VERSION] = EV_CURRENT;
    image->header.e_type = ET_EXEC;
    image->header.e_machine = EM_X86_64;
    image->header.e_version = EV_CURRENT;
    image->header.e_entry = REEL_PAGE;
    image->header.e_phoff = offsetof(struct image, segment);
    image->header.e_ehsize = sizeof(Elf64_Ehdr);
    image->header.e_phentsize = sizeof(Elf64_Phdr);
    image->header.e_phnum = 1;
    image->segment = (Elf64_Phdr){.p_type = PT_LOAD,
                                  .p_flags = PF_R | PF_X,
                                  .p_offset = offsetof(struct image, code),
                                  .p_vaddr = REEL_PAGE,
                                  .p_paddr = REEL_PAGE,
                                  .p_filesz = PAGE_BYTES,
                                  .p_memsz = PAGE_BYTES,
                                  .p_align = PAGE_BYTES};
    memcpy(image->code, code, sizeof(code));
    image->code[2] = 0xcc; /* behind the call: only injected ones come from here (call_kernel()) */
}

static struct error *open_image(int *ret)
{
    struct image image;
    fill_image(&image);
    CLEANUP(close_fd) int fd = memfd_create("reel-vessel", MFD_CLOEXEC);
    if (fd < 0 || write(fd, &image, sizeof(image)) != sizeof(image))
        return error_errno(NULL, "cannot make the image of the replayed process");
    *ret = take_fd(&fd);
    return NULL;
}

/* Waits until the image stands before its first instruction. */
static struct error *run_to_image(struct tracee *tracee)
{
    struct stop stop;
    bool executed = false;
    for (;;) {
        struct error *error = tracee_wait(tracee, &stop);
        if (error)
            return error;
        if (stop.kind == STOP_EXITED || stop.kind == STOP_KILLED)
            return error_new("'reel doctor' says what this machine lacks",
                             "cannot start a process for the replay");
        if (executed && stop.kind == STOP_CALL)
            return NULL;
        executed = executed || stop.kind == STOP_EXEC;
        error = tracee_run(tracee, executed ? RUN_TO_CALL : RUN_ON, 0);
        if (error)
            return error;
    }
}

static struct error *start_image(struct tracee **ret)
{
    static char name[] = "reel-vessel";
    char path[64];
    char *const arguments[] = {name, NULL}, *const environment[] = {NULL};
    CLEANUP(close_fd) int image = -1;
    CLEANUP(close_fd) int failure_pipe = -1;
    struct error *error = open_image(&image);
    if (error)
        return error;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", image);
    sigset_t no_signals;
    sigemptyset(&no_signals);
    struct spawn spawn = {.path = path,
                          .arguments = arguments,
                          .environment = environment,
                          .signal_mask = &no_signals};
    error = spawn_tracee(&spawn, ret, &failure_pipe);
    return error ? error : run_to_image(*ret);
}

/* Nothing of the new process's own memory stays but the reel page ([vsyscall] cannot go). */
static struct error *unmap_all(struct vessel *vessel)
{
    const uint64_t behind = REEL_PAGE + PAGE_BYTES;
    struct error *error = CALL(vessel, munmap, 0, REEL_PAGE);
    return error ? error : CALL(vessel, munmap, behind, USER_END - behind);
}

/* The last wall: whatever is replayed never reaches the kernel (PTRACE_SYSEMU is the first). */
static struct error *install_filter(struct vessel *vessel)
{
    static const struct sock_filter instructions[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, REEL_PAGE_AFTER_CALL, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer) + 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    struct {
        struct sock_fprog program;
        struct sock_filter instructions[ARRAY_LENGTH(instructions)];
    } data;
    memcpy(data.instructions, instructions, sizeof(instructions));
    data.program = (struct sock_fprog){
        .len = ARRAY_LENGTH(instructions),
        .filter =
            (struct sock_filter *)(DATA_PAGE + ((uint8_t *)data.instructions - (uint8_t *)&data))};
    struct error *error = tracee_write(vessel->tracee, taddr_of(DATA_PAGE), &data, sizeof(data));
    if (!error)
        error = CALL(vessel, prctl, PR_SET_NO_NEW_PRIVS, 1);
    if (!error)
        error = CALL(vessel, prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, DATA_PAGE);
    return error;
}

static struct error *set_up(struct vessel *vessel)
{
    struct error *error = unmap_all(vessel);
    if (!error)
        error = CALL(vessel, mmap, DATA_PAGE, PAGE_BYTES, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, (uint64_t)-1);
    if (!error)
        error = CALL(vessel, setsid, 0);
    if (!error)
        error = CALL(vessel, close_range, 0, UINT32_MAX);
    if (!error)
        error = CALL(vessel, prctl, PR_SET_TSC, PR_TSC_SIGSEGV);
    return error ? error : install_filter(vessel);
}

struct error *vessel_create(const struct store *store, struct vessel **ret)
{
    struct vessel *vessel = calloc(1, sizeof(*vessel));
    if (!vessel)
        return &err_no_memory;
    vessel->store = store;
    struct error *error = start_image(&vessel->tracee);
    if (!error)
        error = set_up(vessel);
    if (error) {
        vessel_destroy(vessel);
        return error;
    }
    *ret = vessel;
    return NULL;
}

static struct error *wait_for_child(pid_t pid, struct vessel *child)
{
    struct stop stop;
    struct error *error = tracee_create(pid, &child->tracee);
    if (!error)
        error = tracee_wait(child->tracee, &stop);
    if (!error && stop.kind != STOP_TRAP)
        error = unexpected_stop(&stop, __NR_clone);
    return error;
}

/* clone without an exit signal, as a sibling: it dies without a word to the vessel, and is reel's
 * own child. */
struct error *vessel_fork(struct vessel *vessel, struct vessel **ret)
{
    static const uint64_t arguments[6] = {0x00008000 /* CLONE_PARENT */};
    struct user_regs_struct *regs, *child_regs;
    int64_t result;
    pid_t pid = 0;
    struct vessel *child = calloc(1, sizeof(*child));
    if (!child)
        return &err_no_memory;
    child->store = vessel->store;
    memcpy(child->files, vessel->files, sizeof(child->files)); /* which it inherits */
    child->file_count = vessel->file_count;
    struct error *error = call_kernel(vessel, __NR_clone, arguments, &pid, &result);
    if (!error && pid == 0) {
        errno = (int)-result;
        error = error_errno("close other programs, or raise the limit on processes",
                            "cannot fork a checkpoint");
    }
    if (!error)
        error = wait_for_child(pid, child);
    if (!error)
        error = tracee_regs(vessel->tracee, &regs);
    if (!error)
        error = tracee_regs(child->tracee, &child_regs);
    if (error) {
        vessel_destroy(child);
        return error;
    }
    *child_regs = *regs;
    tracee_regs_changed(child->tracee);
    error = site_list_copy(&child->patches, &vessel->patches);
    if (!error)
        error = vessel_copy_windows(child, vessel);
    if (!error)
        error = vessel_copy_objects(child, vessel);
    if (!error)
        error = vessel_copy_advice(child, vessel);
    if (!error && vessel->translator)
        error = translator_fork(vessel->translator, child->tracee, &child->translator);
    if (error)
        vessel_destroy(child);
    else
        *ret = child;
    return error;
}

void vessel_destroy(struct vessel *vessel)
{
    if (!vessel)
        return;
    translator_destroy(vessel->translator);
    free(vessel->advice);
    site_list_deinit(&vessel->patches);
    vessel_windows_deinit(&vessel->windows);
    if (vessel->tracee) {
        pid_t pid = tracee_tid(vessel->tracee);
        kill(pid, SIGKILL);
        int status;
        while (waitpid(pid, &status, __WALL) == pid && !WIFEXITED(status) && !WIFSIGNALED(status))
            kill(pid, SIGKILL);
        tracee_destroy(vessel->tracee);
    }
    free(vessel->objects);
    free(vessel);
}
