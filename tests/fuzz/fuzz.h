/*
 * What the fuzz targets share.  A target is a file fuzz_<name>.c with LLVMFuzzerTestOneInput, its
 * corpus a folder corpus/fuzz_<name>/; `run` finds both by itself.
 *
 * A broken property is an ASSERT: it aborts, and the fuzzer keeps the input.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "base/compiler.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
