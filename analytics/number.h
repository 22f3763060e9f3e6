/*
 * Doubles from their text and back, each exact (spec 40 0.4).
 */
#ifndef ANALYTICS_NUMBER_H
#define ANALYTICS_NUMBER_H

#include "base/json_line.h"

/*
 * The double nearest to a JSON number as it is written; infinite where there is none, NaN for the
 * word NaN.
 */
double number_read(struct span text);

/* True where number_text() of what a number reads as is the text itself, seen without reading it;
 * false where that takes more. */
bool number_is_shortest(struct span text);

/*
 * The shortest digits that read back to x ("null" where it is not finite): plain from 0.0001 up to
 * below 10^16, with at least one digit behind the point; else as 1e-05 (spec 40 0.4.4).
 */
const char *number_text(double x, char buf[F64_TEXT_MAX]);

#endif
