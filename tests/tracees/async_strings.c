/* Interrupted in the middle of string instructions with a rep prefix, upwards and downwards. */
/* With all memory hashed at each event, a handler takes longer than the timer's period. */
/* modes: native replay counted back oracle allpages */
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "check.h"

#define BYTES (8ul << 20)

static volatile int alarms;
static volatile unsigned long rounds, seen;

static void on_alarm(int signal)
{
    alarms++;
    seen = seen * 31 + rounds;
}

static void copy_up(char *to, const char *from, unsigned long count)
{
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
}

static void fill_down(char *last, unsigned long count)
{
    __asm__ volatile("std; rep stosb; cld" : "+D"(last), "+c"(count) : "a"(7) : "memory");
}

int main(void)
{
    const struct itimerval often = {{0, 2000}, {0, 2000}};
    char *a = malloc(BYTES), *b = malloc(BYTES);
    CHECK(a && b);
    memset(a, 1, BYTES);
    memset(b, 2, BYTES);
    CHECK(signal(SIGALRM, on_alarm) != SIG_ERR);
    CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
    while (alarms < 6) {
        rounds++;
        copy_up(a, b, BYTES);
        a[rounds % BYTES] = (char)rounds;
        fill_down(b + BYTES / 8 - 1, BYTES / 8);
    }
    printf("%lu %lx\n", rounds, seen);
    return 0;
}
