/* mremap: growing, shrinking, moving to a place of its own or a given one. */
#include "check.h"

int main(void)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS, access = PROT_READ | PROT_WRITE;
    char *map = mmap(NULL, 4 * 4096, access, flags, -1, 0);
    strcpy(map + 4000,
           "across pages is a longer text than the ninety-six bytes that are left on the "
           "first page of the mapping");
    char *fence = mmap(map + 4 * 4096, 4096, PROT_NONE, flags, -1, 0);
    CHECK(mremap(map, 4 * 4096, 2 * 4096, 0) == map);
    char *moved = mremap(map, 2 * 4096, 64 * 4096, MREMAP_MAYMOVE);
    CHECK(moved != MAP_FAILED);
    CHECK(strncmp(moved + 4000, "across", 6) == 0 && moved[63 * 4096] == 0);
    char *place = mmap(NULL, 128 * 4096, PROT_NONE, flags, -1, 0);
    char *given = mremap(moved, 64 * 4096, 100 * 4096, MREMAP_MAYMOVE | MREMAP_FIXED, place + 4096);
    CHECK(given == place + 4096);
    CHECK(strncmp(given + 4000, "across", 6) == 0 && given[99 * 4096] == 0);
    CHECK(mremap(given, 4096, 1ul << 46, 0) == MAP_FAILED);
    printf("%p %p %p %p\n", (void *)map, (void *)moved, (void *)given, (void *)fence);
    char *kept = mremap(given, 4096, 4096, MREMAP_MAYMOVE | MREMAP_DONTUNMAP);
    if (kept != MAP_FAILED)
        CHECK(given[4000] == 0 && kept[4000] == 'a');
    return 0;
}
