/*
 * Which process of a recording a debugger is to look at.
 */
#ifndef REEL_COMMANDS_CHOOSE_PROCESS_H
#define REEL_COMMANDS_CHOOSE_PROCESS_H

#include "trace-format/reader.h"

/*
 * The stream of the process that `wanted` names: a process id, or a program's name (the last
 * component of its executable, or its whole path). NULL: the first that died of a signal, else the
 * one that was recorded. A process that executed several programs is shown in its last.
 */
struct error *choose_process(struct trace_reader *reader, const char *wanted,
                             uint32_t *ret) MUST_CHECK;

#endif
