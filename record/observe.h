/*
 * Looking at a task that runs, and bringing it to a place where it can be named.
 *
 * *still, in all of these: the task stands in user code, and no stop of its own has come instead;
 * else that was dispatched, and the task may have gone on, or be no more.
 */
#ifndef REEL_RECORD_OBSERVE_H
#define REEL_RECORD_OBSERVE_H

#include "record/point.h"

/* Until any task stops (SIGCHLD, which is blocked), or so long. */
void sleep_for(uint64_t nanoseconds);

/* What all tasks of the task's process have used, in ns. */
uint64_t processor_time(const struct task *task);

/* Two looks at the task, a millisecond of its time apart: what it writes, and what in there has
 * changed at the second. It has then run on to where it is to be named. Sets task->spins. */
struct error *watch_progress(struct recorder *recorder, struct task *task,
                             struct progress *progress, bool *still) MUST_CHECK;

/* Lets the task run on for about a millisecond of its time, or to the stop that comes before; an
 * asynchronous signal does not. With STOP_TRAP and task->trap_pending it is our interruption. */
struct error *run_briefly(struct task *task, struct stop *ret) MUST_CHECK;

/* What is made of that stop: the task stands where it is to if we interrupted it, or if it met what
 * it was to; else the stop is dispatched. */
struct error *settle_brief_run(struct recorder *recorder, struct task *task, struct stop stop,
                               bool met, bool *still) MUST_CHECK;

/* loop_exit.c: out of the loops that the task is in, as far as it comes in a moment. */
struct error *leave_loops(struct recorder *recorder, struct task *task, bool *still) MUST_CHECK;

/* Out of a string instruction with a rep prefix that has not ended, if the task is at one: to right
 * behind it. */
struct error *leave_rep(struct recorder *recorder, struct task *task, bool *still) MUST_CHECK;

#endif
