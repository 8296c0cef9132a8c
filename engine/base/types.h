/*
 * Types that every box shares.
 *
 * An address in a tracee is a struct, so that the compiler refuses to dereference it or to mix it
 * with a length.
 */
#ifndef REEL_BASE_TYPES_H
#define REEL_BASE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint64_t value;
} taddr;

static inline taddr taddr_of(uint64_t value)
{
    return (taddr){value};
}

static inline taddr taddr_add(taddr address, uint64_t bytes)
{
    return (taddr){address.value + bytes};
}

#define PAGE_BYTES 4096ul

static inline uint64_t page_down(uint64_t value)
{
    return value & ~(PAGE_BYTES - 1);
}

static inline uint64_t page_up(uint64_t value)
{
    return (value + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
}

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#endif
