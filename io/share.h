/*
 * share: where the files that come with the program lie (the API specification, theme and sector
 * tables).
 *
 * The first that exists of: <root>/<name> (an operator's own copy), $STOCKBOT_SHARE/<name>, then
 * beside the running program: ../share/stockbot/<name> (installed), ../<name> and ../../<name> (a
 * checkout's build folder).
 */
#ifndef IO_SHARE_H
#define IO_SHARE_H

#include "base/err.h"
#include "base/text.h"

/* Appends the absolute path to the empty ret_path. RC_NOT_FOUND names the file and where it was
 * looked for.
 */
enum rc share_find(const char *root, const char *name, struct text *ret_path,
                   struct err *err) MUST_USE;

/* The folder of the running program, without a slash at the end. */
enum rc share_program_folder(struct text *ret_path, struct err *err) MUST_USE;

#endif
