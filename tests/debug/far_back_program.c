/* For far_back.c: two stretches of computing, six and four ticks long (trail.c; three leave a
 * waypoint), with calls and string instructions in it, and no events. Prints addresses: of the
 * first stretch's start, its end, the second's end, behind the call that follows, and of the word
 * that counts the turns. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STRETCH_NS 1600000000ull
#define TRIAL_TURNS 100000ull

extern const char start[], middle[], end[], behind[];
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

int main(void)
{
    uint64_t count = turns_needed(), parent = 110;
    printf("%p %p %p %p %p\n", (const void *)start, (const void *)middle, (const void *)end,
           (const void *)behind, (const void *)&turns);
    fflush(stdout);
    __asm__ volatile(".globl start\nstart: nop" ::: "memory");
    compute(count);
    __asm__ volatile(".globl middle\nmiddle: nop" ::: "memory");
    compute(count - count / 3);
    __asm__ volatile(".globl end, behind\n"
                     "end: nop\n"
                     "syscall\n"
                     "behind: nop\n"
                     : "+a"(parent)
                     :
                     : "rcx", "r11", "memory");
    return turns == 2 * count - count / 3 && parent == (uint64_t)getppid() ? 0 : 1;
}
