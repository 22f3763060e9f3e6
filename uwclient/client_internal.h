/*
 * What client.c, transport.c and client_log.c share; inside uwclient only.
 */
#ifndef UWCLIENT_CLIENT_INTERNAL_H
#define UWCLIENT_CLIENT_INTERNAL_H

#include "uwclient/client.h"

/* One call on its way: what was asked, resolved. */
struct uw_flight {
    const struct uw_call *call;
    struct match match;
    struct uw_params params; /* sorted */
    struct text params_json; /* canonical */
    const char *name;        /* of the policy, "" without one */
    int64_t ttl_s, cap_per_day;
    const char *caller;
    char symbol[SYMBOL_MAX]; /* the first symbol asked about; "" for the whole market */
    char refused_symbol[SYMBOL_MAX * 2];
};

/* Steps 7 to 14: reserves, sends, retries, and tells the budget what the server said. */
void transport_run(struct uw_client *c, struct uw_flight *f, struct uw_answer *a);

/* Parses a body that must be a JSON object; NULL otherwise. */
struct json *uw_parse_object(const char *bytes, size_t len, struct err *err);

/* ---- events and bodies ----------------------------------------------------------------------- */

/* True once in 15 minutes; a clock that went back does not silence it. */
bool said_due(const struct uw_client *c, int64_t *said_ns);

void say_invalid_endpoint(const struct uw_client *c, const struct uw_call *call);
void say_spec_unavailable(struct uw_client *c);
void say_invalid_param(const struct uw_client *c, const struct uw_flight *f, const char *param,
                       const char *problem);
void say_scope_block(const struct uw_client *c, const struct uw_flight *f);
void say_hit(const struct uw_client *c, const struct uw_flight *f);
void say_block(const struct uw_client *c, const struct uw_flight *f, const struct uw_answer *a);
void say_outcome(const struct uw_client *c, const struct uw_flight *f, const struct uw_answer *a,
                 enum rc transport_rc);

struct json *body_empty(void);
struct json *body_blocked(const char *reason);
struct json *body_error(int status);
struct json *body_mock(const char *symbol, const char *path);

#endif
