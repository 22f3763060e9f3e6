/*
 * process: what a process that holds secrets does to itself first.
 */
#ifndef IO_PROCESS_H
#define IO_PROCESS_H

#include "base/err.h"

/*
 * No core file, no attaching, no reading of our memory or environment by other users' processes:
 * the keys are in all of them.  Not inherited over exec, so every program calls it.
 */
enum rc process_guard_secrets(struct err *err) MUST_USE;

#endif
