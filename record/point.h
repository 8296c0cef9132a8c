/*
 * Asynchronous points: moments between two instructions, named by the task's complete state
 * (trace-format/FORMAT.md, event POINT).
 */
#ifndef REEL_RECORD_POINT_H
#define REEL_RECORD_POINT_H

#include "record/progress.h"

/* Adds what the group may have written since last asked to group->written; a copy goes to `ret`
 * unless NULL. */
struct error *note_written(struct recorder *recorder, struct task *task,
                           struct page_ranges *ret) MUST_CHECK;

/* Logs a POINT event where the task, in a stop in user code, stands. */
struct error *log_point(struct recorder *recorder, struct task *task,
                        const struct progress *progress) MUST_CHECK;

#endif
