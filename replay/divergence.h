/*
 * What a divergence looks like to people: the event, the task, what differed, both register sets,
 * and the code where the replayed task stands.
 */
#ifndef REEL_REPLAY_DIVERGENCE_H
#define REEL_REPLAY_DIVERGENCE_H

#include <stdio.h>

#include "replay/session.h"

/* Prints the session's divergence. */
void divergence_report(FILE *file, struct session *session);

#endif
