/*
 * A whole simulated market for the tests of sim: day, flow, book and a clock that stands where it
 * is put.
 */
#ifndef TESTS_SIM_MARKET_H
#define TESTS_SIM_MARKET_H

#include "tests/lib/check.h"
#include "tests/lib/seams.h"

#include "base/json.h"
#include "io/zonefile.h"
#include "sim/sim.h"

struct market {
    struct zone *ny;
    struct test_clock at;
    struct clock clock;
    struct sim sim;
};

UNUSED static struct zone *
market_zone(void)
{
    struct zone *ny = NULL;
    struct err err = {0};

    if (zonefile_load(ZONE_NEW_YORK, &ny, &err) != RC_OK) fail_msg("%s", err.text);
    return ny;
}

/* 2026-02-10, an ordinary Tuesday: 14:30 to 21:00 UTC. */
#define MARKET_DATE ((struct date){2026, 2, 10})

UNUSED static int64_t
market_at(int hour_utc, int minute)
{
    struct civil c = {.date = MARKET_DATE, .hour = hour_utc, .minute = minute};

    return when_from_civil(&c);
}

UNUSED static struct sim_day
market_day(const struct zone *ny, const char *const *symbols, size_t len, uint64_t seed)
{
    struct day_spec spec = {
        .ny = ny, .date = MARKET_DATE, .seed = seed, .symbols = symbols, .symbols_len = len};
    struct sim_day day = {0};
    struct err err = {0};

    if (day_synth(&spec, &day, &err) != RC_OK) fail_msg("%s", err.text);
    return day;
}

/* m must stay where it is. */
UNUSED static void
market_make(struct market *m, const char *const *symbols, size_t len, uint64_t seed)
{
    struct err err = {0};

    *m = (struct market){.ny = market_zone()};
    m->at.now_ns = market_at(15, 0);
    m->clock = test_clock_seam(&m->at);
    m->sim.ny = m->ny;
    m->sim.clock = &m->clock;
    m->sim.keys = (struct sim_keys){.uw = "uw", .alpaca = "key", .alpaca_secret = "secret"};
    m->sim.day = market_day(m->ny, symbols, len, seed);
    if (flow_synth(&m->sim.day, &m->sim.flow, &err) != RC_OK) fail_msg("%s", err.text);

    struct book_prices prices = book_prices_of_day(&m->sim.day);
    struct book_config cfg = {.seed = seed,
                              .cash = USD_CENTS(5500000),
                              .open_ns = m->sim.day.session.open_ns,
                              .close_ns = m->sim.day.session.close_ns,
                              .partial_chance = 0.1};

    book_init(&m->sim.book, &cfg, &prices);
}

UNUSED static void
market_free(struct market *m)
{
    sim_done(&m->sim);
    zone_free(m->ny);
}

UNUSED static void
market_faults(struct market *m, const char *spec)
{
    struct err err = {0};

    if (faults_parse(&m->sim.faults, spec, &err) != RC_OK) fail_msg("%s", err.text);
}

/* Asks with the right keys; query "a=b&c=d" is not decoded. The reply is to be freed. */
UNUSED static struct sim_reply
market_ask(struct market *m, const char *method, const char *path, const char *query,
           const char *body)
{
    struct sim_request req = {.method = method,
                              .path = path,
                              .authorization = "Bearer uw",
                              .apca_key = "key",
                              .apca_secret = "secret",
                              .body = body,
                              .body_len = body == NULL ? 0 : strlen(body)};
    char copy[1024];
    char *save = NULL;
    struct sim_reply r = {0};

    assert_true(str_copy(copy, sizeof(copy), query == NULL ? "" : query));
    for (char *p = strtok_r(copy, "&", &save); p != NULL; p = strtok_r(NULL, "&", &save)) {
        char *value = strchr(p, '=');

        if (value != NULL) *value++ = '\0';
        req.query[req.query_len++] = (struct sim_param){p, value == NULL ? "" : value};
    }
    sim_handle(&m->sim, &req, &r);
    return r;
}

UNUSED static struct json *
market_json(const struct text *body)
{
    struct json *doc = NULL;
    struct err err = {0};

    if (json_parse(text_str(body), body->len, JSON_STRICT, &JSON_LIMITS_BODY, &doc, &err) != RC_OK)
        fail_msg("%s in %.300s", err.text, text_str(body));
    return doc;
}

/* GET, status 200, parsed; to be freed. */
UNUSED static struct json *
market_get(struct market *m, const char *path, const char *query)
{
    CLEANUP(sim_reply_free) struct sim_reply r = market_ask(m, "GET", path, query, NULL);

    if (r.status != 200) fail_msg("%s: %d %s", path, r.status, text_str(&r.body));
    return market_json(&r.body);
}

/* A file of the shared recordings; false (and a line that says so) where they are absent. */
UNUSED static bool
shared_file(const char *name, struct text *ret_bytes)
{
    const char *root = getenv("STOCKBOT_SHARED");
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/data/%s", root != NULL ? root : "../shared", name);
    check_read_file(path, ret_bytes);
    if (ret_bytes->len > 0) return true;
    printf("skipped: no recording %s\n", path);
    return false;
}

#endif
