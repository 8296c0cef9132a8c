/* Memory whose writes are watched for the sake of points is forked, moved and grown; parent and
 * child are interrupted before and after. */
/* flags: -D_GNU_SOURCE */
#include <sys/time.h>

#include "check.h"

#define BYTES (1ul << 20)

static volatile int alarms;
static volatile unsigned long count;

static void on_alarm(int signal)
{
    alarms++;
}

static void timer(long microseconds)
{
    const struct itimerval often = {{0, microseconds}, {0, microseconds}};
    CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
}

static void compute(unsigned char *memory, const char *who)
{
    unsigned long hash = 0;
    alarms = 0;
    timer(3000);
    while (alarms < 2) {
        count++;
        memory[count % BYTES]++;
    }
    timer(0);
    for (unsigned long i = 0; i < BYTES; i++)
        hash = hash * 31 + memory[i];
    printf("%s: %lu %lx\n", who, count, hash);
    fflush(stdout);
}

static void in_child(unsigned char *memory)
{
    compute(memory, "child");
    unsigned char *other =
        mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(other != MAP_FAILED);
    compute(other, "child, other memory");
    other = mremap(other, BYTES, 4 * BYTES, MREMAP_MAYMOVE);
    CHECK(other != MAP_FAILED);
    compute(other, "child, moved memory");
    exit(0);
}

int main(void)
{
    unsigned char *memory = calloc(1, BYTES);
    int status;
    CHECK(memory && signal(SIGALRM, on_alarm) != SIG_ERR);
    compute(memory, "parent");
    pid_t child = fork();
    if (child == 0)
        in_child(memory);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    memory = realloc(memory, 4 * BYTES);
    CHECK(memory != NULL);
    compute(memory, "parent, grown memory");
    return 0;
}
