/* Code that is made anew again and again, and run, under SIGALRM. */
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "check.h"

static volatile int alarms;
static volatile unsigned long sum, seen;

static void on_alarm(int signal)
{
    alarms++;
    seen = seen * 31 + sum;
}

int main(void)
{
    const struct itimerval often = {{0, 3000}, {0, 3000}};
    /* lea rax, [rdi + COUNT]; ret */
    unsigned char made[] = {0x48, 0x8d, 0x87, 0, 0, 0, 0, 0xc3};
    unsigned char *code =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(code != MAP_FAILED);
    CHECK(signal(SIGALRM, on_alarm) != SIG_ERR);
    CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
    for (unsigned count = 0; alarms < 3; count = (count + 1) % 100000) {
        memcpy(made + 3, &count, sizeof(count));
        memcpy(code, made, sizeof(made));
        for (int i = 0; i < 1000; i++)
            sum = ((unsigned long (*)(unsigned long))code)(sum);
    }
    printf("%lx\n", seen);
    return 0;
}
