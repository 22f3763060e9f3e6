/*
 * The facts of an API description, written down again as another hand might have written them:
 * long, in another order, with CRLF, in every form of YAML that the format allows.
 */
#ifndef TESTS_LIB_UW_VARIANT_H
#define TESTS_LIB_UW_VARIANT_H

#include "base/rand.h"
#include "base/text.h"
#include "uwclient/spec.h"

/* Appends the whole file. */
void uw_variant_write(const struct spec *facts, struct rng *rng, struct text *to);

#endif
