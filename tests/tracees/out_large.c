/* Output of 4 MB in pieces of many sizes. */
#include "check.h"

int main(void)
{
    static char block[100000];
    uint32_t seed = (uint32_t)getpid();
    size_t total = 0;
    for (size_t size = 1; total < 4 << 20; size = size * 5 % 99991 + 1) {
        for (size_t i = 0; i < size; i++)
            block[i] = (char)('!' + (seed = seed * 1664525 + 1013904223) / 0x3000000);
        size_t written = 0;
        while (written < size) {
            ssize_t part = write(1, block + written, size - written);
            CHECK(part > 0);
            written += (size_t)part;
        }
        total += size;
    }
    return 0;
}
