/* /proc/self/maps and /proc/self/mem describe and show this process. */
#include "check.h"

static int variable = 41;

int main(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    CHECK(maps);
    char line[512];
    int data = 0, stack = 0;
    while (fgets(line, sizeof line, maps)) {
        unsigned long from, to;
        char access[8];
        CHECK(sscanf(line, "%lx-%lx %7s", &from, &to, access) == 3);
        data += (uintptr_t)&variable >= from && (uintptr_t)&variable < to && access[1] == 'w';
        stack += (uintptr_t)line >= from && (uintptr_t)line < to && strstr(line, "[stack]");
        fputs(line, stdout);
    }
    CHECK(data == 1 && stack == 1);
    int memory = open("/proc/self/mem", O_RDWR);
    int value;
    CHECK(pread(memory, &value, 4, (off_t)(uintptr_t)&variable) == 4 && value == 41);
    value = 42;
    CHECK(pwrite(memory, &value, 4, (off_t)(uintptr_t)&variable) == 4);
    CHECK(*(volatile int *)&variable == 42); /* a file whose content is our memory */
    return 0;
}
