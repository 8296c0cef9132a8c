#include "engine/tracee/tsc_trap.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <ucontext.h>
#include <x86intrin.h>

static _Thread_local bool joined;
static struct sigaction previous; /* for SIGSEGV: a sanitizer's, as a rule none */

static uint64_t read_past_trap(uint32_t *processor)
{
    prctl(PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0);
    uint64_t counter = __rdtscp(processor);
    prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0);
    return counter;
}

uint64_t tsc_read(uint32_t *processor)
{
    return joined ? read_past_trap(processor) : __rdtscp(processor);
}

/* The length of the rdtsc or rdtscp at `address`; 0 if it is neither. */
static int tsc_instruction(const uint8_t *address)
{
    if (address[0] != 0x0f)
        return 0;
    if (address[1] == 0x31)
        return 2;
    return address[1] == 0x01 && address[2] == 0xf9 ? 3 : 0;
}

/* A general protection fault has SI_KERNEL and no address; its instruction can be read. */
static void on_fault(int signal, siginfo_t *info, void *context)
{
    greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
    bool is_protection_fault = info->si_code == SI_KERNEL && info->si_addr == NULL;
    int length =
        is_protection_fault ? tsc_instruction((const uint8_t *)(uintptr_t)regs[REG_RIP]) : 0;
    if (length == 0) { /* a bug: it faults again, and then others see to it */
        sigaction(signal, &previous, NULL);
        return;
    }
    uint32_t processor;
    uint64_t counter = read_past_trap(&processor);
    regs[REG_RAX] = (uint32_t)counter;
    regs[REG_RDX] = (greg_t)(counter >> 32);
    if (length == 3)
        regs[REG_RCX] = processor;
    regs[REG_RIP] += length;
}

void tsc_trap_join(void)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO}, old;
    if (sigaction(SIGSEGV, &action, &old) < 0)
        return;
    if (old.sa_sigaction != on_fault)
        previous = old;
    joined = prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0) == 0;
}

void tsc_trap_leave(void)
{
    if (joined)
        prctl(PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0);
    joined = false;
}
