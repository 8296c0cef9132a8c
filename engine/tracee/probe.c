#include "engine/tracee/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/kcmp.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <unistd.h>
#include <x86intrin.h>

#include "engine/base/cleanup.h"
#include "engine/tracee/probe_child.h"
#include "engine/tracee/probe_machine.h"
#include "engine/tracee/reel_page.h"

static void describe(struct probe_result *ret, bool present, const char *format, va_list arguments)
{
    ret->present = present;
    vsnprintf(ret->detail, sizeof(ret->detail), format, arguments);
}

void probe_present(struct probe_result *ret, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    describe(ret, true, format, arguments);
    va_end(arguments);
}

void probe_missing(struct probe_result *ret, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    describe(ret, false, format, arguments);
    va_end(arguments);
}

void probe_failed(struct probe_result *ret, const char *what)
{
    probe_missing(ret, "%s: %s", what, strerror(errno));
}

static int do_nothing(void)
{
    return 0;
}

/* Yama's scope (Documentation/admin-guide/LSM/Yama.rst); -1 without Yama. 0 and 1 allow children,
 * 2 wants CAP_SYS_PTRACE, 3 forbids all. */
static int yama_scope(void)
{
    int scope = -1;
    CLEANUP(fclose) FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
    if (file && fscanf(file, "%d", &scope) != 1)
        scope = -1;
    return scope;
}

static void probe_ptrace(struct probe_result *ret)
{
    struct probe_child child;
    int scope = yama_scope();
    if (!probe_child_start(do_nothing, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACESECCOMP, &child)) {
        probe_missing(ret, "PTRACE_SEIZE of a child: %s; Yama's ptrace_scope is %d",
                      strerror(errno), scope);
        return;
    }
    probe_child_end(&child);
    if (scope < 0)
        probe_present(ret, "no Yama");
    else
        probe_present(ret, "Yama's ptrace_scope is %d", scope);
}

/* In the child: every getppid() is reported to the tracer. */
static int filter_and_call(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = ARRAY_LENGTH(code), .filter = code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0)
        return 1;
    syscall(SYS_getppid);
    return 0;
}

static void probe_seccomp(struct probe_result *ret)
{
    struct probe_child child;
    if (!probe_child_start(filter_and_call, PTRACE_O_TRACESECCOMP, &child)) {
        probe_failed(ret, "PTRACE_SEIZE");
        return;
    }
    if (probe_child_go(&child) && probe_child_wait(&child, SIGTRAP | PTRACE_EVENT_SECCOMP << 8))
        probe_present(ret, "%s", "");
    else
        probe_missing(ret, "a filter cannot be installed, or does not report to the tracer");
    probe_child_end(&child);
}

static void exit_well(int signal)
{
    _exit(0);
}

static int trap_tsc(void)
{
    signal(SIGSEGV, exit_well);
    if (prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0) != 0)
        return 1;
    (void)*(volatile uint64_t *)&(uint64_t){__rdtsc()};
    return 2;
}

static void probe_tsc(struct probe_result *ret)
{
    int status = probe_in_child(trap_tsc);
    if (status == 0)
        probe_present(ret, "%s", "");
    else
        probe_missing(ret, status == 1 ? "prctl(PR_SET_TSC) is refused" : "rdtsc does not trap");
}

/* Memory of a child that differs from ours: what is read must be the child's. */
static volatile uint64_t probed_word = 1;

static void probe_process_vm(struct probe_result *ret)
{
    struct probe_child child;
    uint64_t word = 0;
    struct iovec local = {&word, sizeof(word)};
    struct iovec remote = {(void *)&probed_word, sizeof(word)};
    probed_word = 2;
    if (!probe_child_start(do_nothing, 0, &child)) {
        probe_failed(ret, "PTRACE_SEIZE");
        return;
    }
    probed_word = 1;
    if (process_vm_readv(child.pid, &local, 1, &remote, 1, 0) == sizeof(word) && word == 2)
        probe_present(ret, "%s", "");
    else
        probe_failed(ret, "process_vm_readv");
    probe_child_end(&child);
}

static void probe_proc_mem(struct probe_result *ret)
{
    struct probe_child child;
    char path[64];
    uint64_t word = 3;
    if (!probe_child_start(do_nothing, 0, &child)) {
        probe_failed(ret, "PTRACE_SEIZE");
        return;
    }
    snprintf(path, sizeof(path), "/proc/%d/mem", child.pid);
    CLEANUP(close_fd) int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd >= 0 && pwrite(fd, &word, sizeof(word), (off_t)(uintptr_t)&probed_word) == sizeof(word))
        probe_present(ret, "%s", "");
    else
        probe_failed(ret, path);
    probe_child_end(&child);
}

/* Starts and stops a child; false, with *ret told, when that fails. */
static bool start_stopped(int (*body)(void), long options, struct probe_child *child,
                          struct probe_result *ret)
{
    if (!probe_child_start(body, options, child)) {
        probe_failed(ret, "PTRACE_SEIZE");
        return false;
    }
    if (probe_child_stop(child))
        return true;
    probe_failed(ret, "PTRACE_INTERRUPT");
    probe_child_end(child);
    return false;
}

static void probe_syscall_info(struct probe_result *ret)
{
    struct probe_child child;
    struct __ptrace_syscall_info info;
    if (!start_stopped(do_nothing, PTRACE_O_TRACESYSGOOD, &child, ret))
        return;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, child.pid, sizeof(info), &info) > 0)
        probe_present(ret, "%s", "");
    else
        probe_failed(ret, "ptrace(PTRACE_GET_SYSCALL_INFO)");
    probe_child_end(&child);
}

static void probe_sysemu(struct probe_result *ret)
{
    struct probe_child child;
    if (!start_stopped(do_nothing, PTRACE_O_TRACESYSGOOD, &child, ret))
        return;
    /* Its read() begins anew, and is met at its entry. */
    if (ptrace(PTRACE_SYSEMU, child.pid, 0, 0) != 0)
        probe_failed(ret, "ptrace(PTRACE_SYSEMU)");
    else if (probe_child_wait(&child, SIGTRAP | 0x80))
        probe_present(ret, "%s", "");
    else
        probe_missing(ret, "a call is not reported");
    probe_child_end(&child);
}

static int write_word(void)
{
    probed_word = 4;
    return 0;
}

#define DR7_WATCH_8_BYTES_WRITTEN (1ul | 1ul << 16 | 2ul << 18)

static void probe_debug_registers(struct probe_result *ret)
{
    struct probe_child child;
    if (!start_stopped(write_word, 0, &child, ret))
        return;
    if (ptrace(PTRACE_POKEUSER, child.pid, offsetof(struct user, u_debugreg[0]), &probed_word) ||
        ptrace(PTRACE_POKEUSER, child.pid, offsetof(struct user, u_debugreg[7]),
               DR7_WATCH_8_BYTES_WRITTEN))
        probe_failed(ret, "setting a watchpoint");
    else if (probe_child_go(&child) && probe_child_wait(&child, SIGTRAP))
        probe_present(ret, "%s", "");
    else
        probe_missing(ret, "a watchpoint can be set but is not hit");
    probe_child_end(&child);
}

static void probe_kcmp(struct probe_result *ret)
{
    pid_t self = getpid();
    if (syscall(SYS_kcmp, self, self, KCMP_VM, 0, 0) == 0)
        probe_present(ret, "%s", "");
    else
        probe_failed(ret, "kcmp");
}

static int fix_addresses(void)
{
    return personality(ADDR_NO_RANDOMIZE) != -1 && (personality(0xffffffff) & ADDR_NO_RANDOMIZE)
               ? 0
               : 1;
}

static void probe_personality(struct probe_result *ret)
{
    if (probe_in_child(fix_addresses) == 0)
        probe_present(ret, "%s", "");
    else
        probe_missing(ret, "personality(ADDR_NO_RANDOMIZE) is refused");
}

static int map_reel_page(void)
{
    void *wanted = (void *)REEL_PAGE;
    void *got = mmap(wanted, PAGE_BYTES, PROT_READ | PROT_EXEC,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    return got == wanted ? 0 : 1;
}

static void probe_reel_page(struct probe_result *ret)
{
    if (probe_in_child(map_reel_page) == 0)
        probe_present(ret, "%s", "");
    else
        probe_missing(ret, "mmap at that address fails");
}

const struct probe probes[] = {
    {"ptrace", PROBE_NEEDED, probe_ptrace,
     "no program can be recorded or replayed; in a container add --cap-add=SYS_PTRACE, else set "
     "kernel.yama.ptrace_scope to 1"},
    {"seccomp filter that reports (RET_TRACE)", PROBE_NEEDED, probe_seccomp,
     "no program can be recorded; the container's seccomp profile must allow it"},
    {"rdtsc trapped (PR_SET_TSC)", PROBE_NEEDED, probe_tsc,
     "the time-stamp counter cannot be recorded"},
    {"process_vm_readv", PROBE_NEEDED, probe_process_vm,
     "tracee memory cannot be read; the container's seccomp profile must allow it"},
    {"/proc/PID/mem", PROBE_NEEDED, probe_proc_mem, "tracee memory cannot be written"},
    {"PTRACE_GET_SYSCALL_INFO", PROBE_NEEDED, probe_syscall_info,
     "stops at system calls cannot be told apart; Linux 5.3 or later has it"},
    {"PTRACE_SYSEMU", PROBE_NEEDED, probe_sysemu, "nothing can be replayed"},
    {"memory at 0x70000000", PROBE_NEEDED, probe_reel_page,
     "the page that calls are injected from has no place"},
    {"XSAVE", PROBE_NEEDED, probe_xsave, "vector registers cannot be saved"},
    {"kcmp", PROBE_OPTIONAL, probe_kcmp,
     "which files two processes share is found by their inodes alone"},
    {"fixed addresses (ADDR_NO_RANDOMIZE)", PROBE_OPTIONAL, probe_personality,
     "recordings of one program differ in their addresses; each replays as it was"},
    {"hardware watchpoints", PROBE_OPTIONAL, probe_debug_registers,
     "watchpoints are looked for step by step, which is slow"},
    {"/proc/PID/pagemap", PROBE_OPTIONAL, probe_pagemap,
     "images of memory hold pages that could be left out"},
    {"PAGEMAP_SCAN", PROBE_OPTIONAL, probe_pagemap_scan,
     "finding changed memory costs more; Linux 6.7 or later has it"},
    {"userfaultfd write-protection, asynchronous", PROBE_OPTIONAL, probe_userfaultfd,
     "finding changed memory costs more; Linux 6.7 or later has it"},
    {"cpuid trapped (ARCH_SET_CPUID)", PROBE_OPTIONAL, probe_cpuid_fault,
     "cpuid is recorded by patching it in the program's code, which the program can see"},
    {"processors", PROBE_OPTIONAL, probe_processors, ""},
};
const size_t probe_count = ARRAY_LENGTH(probes);
