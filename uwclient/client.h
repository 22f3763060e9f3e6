/*
 * The one client of the Unusual Whales API.  All requests of all programs go through uw_http_get.
 *
 * The order of checks is fixed (spec 20 2.2): endpoint, parameters, scope - refused before any
 * counter, file or socket is touched (contract 4.8) - then mock, cache, key, pause, day, minute,
 * endpoint cap, the reservation, the attempt.  No outcome ends the process; the caller gets a
 * result that it cannot mistake for data.
 */
#ifndef UWCLIENT_CLIENT_H
#define UWCLIENT_CLIENT_H

#include "base/http.h"
#include "base/rand.h"
#include "config/config.h"
#include "uwclient/cache.h"
#include "uwclient/endpoints.h"
#include "uwclient/match.h"
#include "uwclient/params.h"
#include "uwclient/scope.h"
#include "uwclient/spec.h"
#include "uwclient/usage.h"

enum {
    UW_TIMEOUT_MS = 12000,
    UW_CONNECT_TIMEOUT_MS = 5000,
    UW_ATTEMPTS_MAX = 3,
    UW_BODY_MAX = 16 << 20,
    UW_ERROR_MAX = 256,
    UW_URL_MAX = 256
};

enum uw_result {
    UW_OK,
    UW_EINVAL_ENDPOINT, /* not in the allow-list                                    */
    UW_EINVAL_PARAM,    /* a query parameter is unknown, or a required one missing  */
    UW_ESCOPE,          /* a symbol that this caller may not ask about              */
    UW_ENOKEY,
    UW_BLOCKED,    /* the budget: reason says which limit           */
    UW_EHTTP,      /* the server answered, and not with 200         */
    UW_ETRANSPORT, /* no HTTP status was obtained                  */
    UW_ESCHEMA     /* 200, but the body is no JSON object           */
};

enum uw_cache_mode {
    UW_CACHE_USE,     /* read and write */
    UW_CACHE_REFRESH, /* write only: the daemon wants the new answer, others may use it */
    UW_CACHE_BYPASS
};

struct uw_call {
    const char *endpoint; /* a path, or a URL of the configured host */
    struct uw_params params;
    const char *policy; /* a name of endpoints.def; NULL or unknown: not kept, no cap */
    enum uw_cache_mode mode;
    enum uw_scope scope;
    const char *caller;
    int64_t timeout_ms; /* of one attempt; 0 = UW_TIMEOUT_MS */
};

struct uw_answer {
    enum uw_result result;
    int status; /* 0 = none */
    /* What uw_get returns: the answer, or an object that says it is none; NULL for the three
     * refusals. */
    struct json *body;
    struct text raw; /* the bytes as received; empty unless they came from the server */
    bool is_cache_hit, is_mock;
    const char *reason;     /* of UW_BLOCKED; "" otherwise */
    int64_t wait_ns;        /* of per_minute_cap; -1 otherwise */
    enum usage_pause pause; /* entered because of this answer */
    int attempts;
    int64_t latency_ms;
    char message[UW_ERROR_MAX]; /* of a 429; words of an error */
};

void uw_answer_free(struct uw_answer *a); /* fits CLEANUP */

struct uw_deps {
    const struct clock *clock;
    const struct fs *fs;
    const struct http *http;
    const struct store *store;
    const struct locks *locks;
    const struct log *log;
    const struct zone *ny;
    bool (*is_stopping)(void *ctx); /* NULL = never; asked between attempts */
    void *stop_ctx;
    uint64_t seed; /* of the jitter between attempts */
};

struct uw_client {
    struct uw_deps deps;
    const struct uw_config *cfg;
    char base_url[UW_URL_MAX]; /* without a slash at its end; stays until a restart */
    const char *spec_path;
    struct spec spec;
    struct err spec_err;
    struct usage usage;
    struct cache cache;
    struct scope scope;
    struct rng rng;
    /* When an event that repeats was last said; WHEN_NONE = never. */
    int64_t spec_said_ns, key_said_ns, auth_said_ns;
};

/*
 * Loads the allow-list, whose states do not fail the start (SL-9), and takes its part of the
 * config.
 *
 * RC_DENIED for a base URL that is neither https nor on a loopback address.
 */
enum rc uw_client_init(struct uw_client *c, const struct uw_deps *deps, const struct uw_config *cfg,
                       const char *spec_path, struct err *err) MUST_USE;
void uw_client_done(struct uw_client *c);

/* New settings (SIGHUP): key, symbols and limits; host and allow-list stay until a restart. */
void uw_client_reconfigure(struct uw_client *c, const struct uw_config *cfg);

/* Performs the call; ret_answer is always filled and freed by the caller. */
enum uw_result uw_http_get(struct uw_client *c, const struct uw_call *call,
                           struct uw_answer *ret_answer) MUST_USE;

/* The body alone (json_free), NULL for the refusals that are the caller's own mistake. */
struct json *uw_get(struct uw_client *c, const struct uw_call *call);

/* What the environment has of our settings and cannot be used, one event each (spec 20 CL-1): once
 * a process, and after new settings. */
void uw_config_say(const struct config *cfg, const struct log *log);

const char *uw_result_name(enum uw_result r); /* "ok", "invalid_endpoint", ... */
bool uw_client_has_key(const struct uw_client *c);

#endif
