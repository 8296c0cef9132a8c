/* cpuid and rdrand trap by SIGSEGV in a recording. A program that blocks, ignores or handles
 * SIGSEGV must not notice; one that executes a privileged instruction itself must. */
#include <cpuid.h>
#include <ucontext.h>

#include "check.h"

static volatile int faults;
static uintptr_t fault_at;

static void fault(int number, siginfo_t *info, void *context)
{
    greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
    fault_at = (uintptr_t)regs[REG_RIP];
    regs[REG_RIP]++; /* over the hlt */
    faults++;
}

static void ask(void)
{
    unsigned a, b, c, d;
    __cpuid(0, a, b, c, d);
    printf("%.4s%.4s%.4s up to %x\n", (char *)&b, (char *)&d, (char *)&c, a);
    __cpuid(1, a, b, c, d);
    if (c & bit_RDRND) {
        uint64_t value;
        __asm__ volatile("rdrand %0" : "=r"(value)::"cc");
        printf("%lx\n", value);
    }
}

static void check_disposition(void (*handler)(int, siginfo_t *, void *))
{
    struct sigaction action;
    CHECK(sigaction(SIGSEGV, NULL, &action) == 0);
    CHECK(action.sa_sigaction == handler && (!handler || action.sa_flags & SA_RESTART));
}

static void *ask_in_thread(void *argument)
{
    sigset_t set = set_of(SIGSEGV), now;
    CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    ask();
    CHECK(pthread_sigmask(SIG_SETMASK, NULL, &now) == 0 && sigismember(&now, SIGSEGV));
    return NULL;
}

int main(void)
{
    extern char hlt_here[];
    struct sigaction action;
    handle(SIGSEGV, fault, SA_RESTART);
    ask();
    check_disposition(fault);
    join(start(ask_in_thread, NULL));
    check_disposition(fault);
    sigset_t set = set_of(SIGSEGV), now;
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    ask();
    CHECK(sigprocmask(SIG_SETMASK, NULL, &now) == 0 && sigismember(&now, SIGSEGV));
    check_disposition(fault);
    CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0 && faults == 0);
    __asm__ volatile(".globl hlt_here; hlt_here: hlt");
    CHECK(faults == 1 && fault_at == (uintptr_t)hlt_here);
    signal(SIGSEGV, SIG_IGN);
    ask();
    CHECK(sigaction(SIGSEGV, NULL, &action) == 0 && action.sa_handler == SIG_IGN);
    return 0;
}
