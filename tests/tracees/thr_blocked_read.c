/* A buffer must not change before the read() that fills it returns. A second thread looks at it
 * while it runs; the first writes to the pipe in pieces. */
#include "check.h"

static int gate[2];
static char buffer[4096];
static volatile int id, returned;

static void *reader(void *unused)
{
    id = gettid();
    CHECK(read(gate[0], buffer, sizeof buffer) == 3);
    returned = 1;
    return unused;
}

int main(void)
{
    CHECK(pipe(gate) == 0);
    memset(buffer, '.', sizeof buffer);
    pthread_t thread = start(reader, NULL);
    while (!id)
        sleep_ms(1);
    wait_asleep(id);
    int changes = 0;
    char text[8];
    snprintf(text, sizeof text, "%03d", (int)(getpid() % 1000));
    CHECK(write(gate[1], text, 3) == 3);
    /* Natively the buffer changes at some moment in these calls; which, a replay must repeat. */
    for (int i = 0; i < 200; i++) {
        changes += memcmp(buffer, text, 3) == 0;
        getppid();
    }
    join(thread);
    CHECK(returned && memcmp(buffer, text, 3) == 0 && buffer[3] == '.');
    printf("%s, seen in %d of 200 looks\n", text, changes);
    return 0;
}
