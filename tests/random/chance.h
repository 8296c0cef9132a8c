/*
 * Pseudo-random numbers that follow from a seed (splitmix64).
 */
#ifndef REEL_TESTS_CHANCE_H
#define REEL_TESTS_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

struct chance {
    uint64_t state;
};

static inline uint64_t chance_word(struct chance *chance)
{
    uint64_t value = chance->state += 0x9e3779b97f4a7c15ull;
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9ull;
    value = (value ^ value >> 27) * 0x94d049bb133111ebull;
    return value ^ value >> 31;
}

/* 0 … below - 1 */
static inline uint32_t chance_below(struct chance *chance, uint32_t below)
{
    return (uint32_t)((chance_word(chance) >> 32) * below >> 32);
}

/* true once in so many times */
static inline bool chance_one_in(struct chance *chance, uint32_t times)
{
    return chance_below(chance, times) == 0;
}

#endif
