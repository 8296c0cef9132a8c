/*
 * Progress words: words of memory that change while the task runs. With them, replay tells most
 * visits of an instruction apart without hashing memory.
 *
 * Pages that the task has just written are copied; when it has run on for a while, the words that
 * differ from the copy are the ones.
 */
#ifndef REEL_RECORD_PROGRESS_H
#define REEL_RECORD_PROGRESS_H

#include "record/written_pages.h"

#define PROGRESS_PAGES 256

/* Zero-initialised. */
struct progress {
    uint64_t address[PROGRESS_PAGES]; /* of the pages, */
    uint8_t *bytes;                   /* and what they held */
    size_t count;
    uint64_t changed[EVENT_WORDS_MAX]; /* addresses of words that changed */
    size_t changed_count;
};

/* Copies pages of the ranges, which are merged: those that registers point into, and others spread
 * evenly. */
struct error *progress_watch(struct task *task, const struct page_ranges *written,
                             struct progress *progress) MUST_CHECK;

/* Chooses among the words that have changed. What is dead below the task's stack pointer is left
 * out. */
struct error *progress_choose(struct task *task, struct progress *progress) MUST_CHECK;

/* Without watching: words where registers point to, which in most loops tell visits apart. */
struct error *progress_guess(struct task *task, struct progress *progress) MUST_CHECK;

void progress_deinit(struct progress *progress);

#endif
