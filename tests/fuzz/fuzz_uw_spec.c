/*
 * The allow-list reader on any bytes: it ends, its state fits what it read, and what it allows can
 * be asked for again.
 */
#include "tests/fuzz/fuzz.h"

#include "uwclient/endpoints.h"
#include "uwclient/match.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *required[UW_ENDPOINTS_LEN];
    size_t required_len = uw_required_paths(required);
    struct spec s;
    struct err err = {0};

    spec_parse((const char *)data, size, required, required_len, &s, &err);
    ASSERT(s.state != SPEC_MISSING);
    ASSERT((s.ops_len == 0) == (s.state == SPEC_CORRUPT));
    ASSERT(spec_is_usable(&s) == (s.ops_len >= SPEC_PATHS_MIN));
    for (size_t i = 0; i < s.ops_len; i++) {
        const struct spec_op *op = NULL;
        ASSERT(s.ops[i].path[0] == '/' && spec_find(&s, s.ops[i].path) != NULL);
        if (match_literal(&s, s.ops[i].path, &op, &err) == RC_OK) ASSERT(op != NULL);
        for (size_t p = 0; p < s.ops[i].params_len; p++)
            ASSERT(s.ops[i].params[p].name != NULL && s.ops[i].params[p].type != NULL);
    }
    spec_done(&s);
    return 0;
}
