/* Writes junk over the buffer of its recorded calls (System V shared memory of ours), in ways that
 * differ by the argument, and makes calls. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char line[512];
    unsigned long from = 0, to = 0, start, end;
    unsigned seed = (unsigned)atoi(argv[1]);
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && fgets(line, sizeof(line), maps))
        if (strstr(line, "SYSV") && sscanf(line, "%lx-%lx", &start, &end) == 2) {
            from = start;
            to = end;
        }
    if (!from)
        return 77;
    srand(seed);
    for (int i = 0; i < 20000; i++) {
        getppid();
        if (i < 10000)
            continue;
        /* The first slot is this process's; its head, then what it holds. */
        uint32_t *words = (uint32_t *)from;
        unsigned where = seed % 3 ? (unsigned)rand() % 8 : 272 + (unsigned)rand() % 2000;
        words[where] = seed % 2 ? 0xffffffffu : (uint32_t)rand();
    }
    return to == 0;
}
