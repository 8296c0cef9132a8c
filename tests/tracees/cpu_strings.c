/* String instructions over 16 MB, forwards and backwards, and page faults inside them. */
#include "check.h"

enum { SIZE = 16 << 20 };

int main(void)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    unsigned char *from = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, flags, -1, 0);
    unsigned char *to = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, flags, -1, 0);
    void *destination = from, *source = from;
    size_t count = SIZE;
    __asm__ volatile("rep stosb" : "+D"(destination), "+c"(count) : "a"(getpid()) : "memory");
    CHECK(count == 0 && destination == from + SIZE);
    destination = to, count = SIZE / 8;
    __asm__ volatile("rep movsq" : "+D"(destination), "+S"(source), "+c"(count)::"memory");
    CHECK(memcmp(from, to, SIZE) == 0);
    to[1000] ^= 1;
    source = from + SIZE - 1, destination = to + SIZE - 1, count = SIZE;
    __asm__ volatile("std; repe cmpsb; cld"
                     : "+D"(destination), "+S"(source), "+c"(count)::"memory", "cc");
    CHECK(count == 1000 && destination == to + 999);
    printf("%d\n", to[SIZE - 1]);
    return 0;
}
