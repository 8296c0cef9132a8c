/* For far_back.c: stretches of computing, five ticks of trail.c long and three and a half (three
 * leave a waypoint), with calls and string instructions in them, and no events. The second ends
 * with a system call, the third with an illegal instruction. Prints addresses: of the first one's
 * start and end, behind the system call, and of the word that counts the turns. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STRETCH_NS 1250000000ull
#define TRIAL_TURNS 100000ull

extern const char start[], middle[], behind[];
volatile uint64_t turns;
static uint8_t from[512], to[512];
static uint64_t state = 88172645463325252ull;

__attribute__((noinline)) static uint64_t mix(uint64_t x)
{
    x ^= x << 13;
    x ^= x >> 7;
    return x ^ x << 17;
}

static void copy(void)
{
    uint8_t *source = from, *target = to;
    uint64_t count = sizeof(to);
    __asm__ volatile("rep movsb" : "+S"(source), "+D"(target), "+c"(count)::"memory");
}

__attribute__((noinline)) static void compute(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        for (int k = 0; k < 40; k++)
            state = mix(state);
        from[state % sizeof(from)]++;
        if (i % 8 == 0)
            copy();
        turns++;
    }
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* So many turns as take long enough on this machine. */
static uint64_t turns_needed(void)
{
    uint64_t begin = now_ns();
    compute(TRIAL_TURNS);
    turns = 0;
    return TRIAL_TURNS * STRETCH_NS / (now_ns() - begin + 1);
}

static uint64_t expected;

static void crashed(int signal)
{
    _exit(turns == expected ? 0 : 1);
}

int main(void)
{
    uint64_t count = turns_needed(), fewer = count - count * 3 / 10, call = 110 /* getppid */;
    expected = count + 2 * fewer;
    signal(SIGILL, crashed);
    printf("%p %p %p %p\n", (const void *)start, (const void *)middle, (const void *)behind,
           (const void *)&turns);
    fflush(stdout);
    __asm__ volatile(".globl start\nstart: nop" ::: "memory");
    compute(count);
    __asm__ volatile(".globl middle\nmiddle: nop" ::: "memory");
    compute(fewer);
    __asm__ volatile(".globl behind\n"
                     "syscall\n"
                     "behind: nop\n"
                     : "+a"(call)
                     :
                     : "rcx", "r11", "memory");
    compute(fewer);
    __asm__ volatile("ud2");
    return 1;
}
