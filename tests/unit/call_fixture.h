/*
 * What the tests of engine/syscall share: a made-up program's memory, and shorthand for calls.
 */
#ifndef REEL_TESTS_CALL_FIXTURE_H
#define REEL_TESTS_CALL_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "engine/syscall/call_model.h"

/* The only memory that the program has. */
#define ARENA_BASE 0x10000ull
#define ARENA_BYTES 0x100000ull
static uint8_t arena[ARENA_BYTES];

static inline bool arena_read(void *context, taddr address, void *bytes, size_t size)
{
    uint64_t offset = address.value - ARENA_BASE;
    if (address.value < ARENA_BASE || offset >= ARENA_BYTES || size > ARENA_BYTES - offset)
        return false;
    memcpy(bytes, arena + offset, size);
    return true;
}

static const struct memory_view arena_view = {.read = arena_read};

static inline void poke(uint64_t address, const void *bytes, size_t size)
{
    assert_true(address >= ARENA_BASE && address + size <= ARENA_BASE + ARENA_BYTES);
    memcpy(arena + (address - ARENA_BASE), bytes, size);
}

static inline void poke_u32(uint64_t address, uint32_t value)
{
    poke(address, &value, sizeof(value));
}

static inline void poke_u64(uint64_t address, uint64_t value)
{
    poke(address, &value, sizeof(value));
}

/* An iovec, and a msghdr (56 bytes; mmsghdr is 64), at `address`. */
static inline void poke_iovec(uint64_t address, uint64_t base, uint64_t length)
{
    poke_u64(address, base);
    poke_u64(address + 8, length);
}

static inline void poke_message(uint64_t address, uint64_t name, uint32_t name_length,
                                uint64_t iovecs, uint64_t iovec_count, uint64_t control,
                                uint64_t control_length)
{
    poke_u64(address, name);
    poke_u32(address + 8, name_length);
    poke_u64(address + 16, iovecs);
    poke_u64(address + 24, iovec_count);
    poke_u64(address + 32, control);
    poke_u64(address + 40, control_length);
}

#define CALL_OF(number_, result_, ...)                                                             \
    ((struct call){.number = (number_), .result = (result_), .argument = {__VA_ARGS__}})

#endif
