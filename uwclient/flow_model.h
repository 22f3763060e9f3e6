/*
 * The flow cache in memory (spec 20 3.9): tickers and their members as the JSON text they will be
 * written as.
 *
 * A ticker's whole text is kept once made, so a flush costs what has changed.  Members that the
 * daemon does not own are kept as they were found in the file; so are tickers that are not
 * configured.
 */
#ifndef UWCLIENT_FLOW_MODEL_H
#define UWCLIENT_FLOW_MODEL_H

#include "model/symbol.h"
#include "uwclient/decode.h"
#include "uwclient/flow_object.h"

enum {
    FLOW_STALE_S = 7200,       /* older flow is no flow                        */
    FLOW_FORGET_S = 7 * 86400, /* a foreign ticker nobody updated is dropped   */
};

struct flow_ticker {
    char symbol[FLOW_KEY_MAX];
    bool is_configured;
    struct flow_object members; /* without the two below */
    struct flow_object greeks;  /* merged member by member */
    struct flow_object updates; /* job name -> epoch seconds */
    int64_t last_update_s;      /* 0 = never */
    int64_t flow_update_s;      /* of the flow data; 0 = none */
    bool has_flow_job;          /* option_flow succeeded at least once */
    bool has_flow;              /* trades or a flow summary are stored */
    bool has_etf_flow;
    usd etf_net_flow;
    bool has_earnings;
    struct date earnings;
    struct text text; /* the entry as JSON; empty = to be made again */
};

struct flow_model {
    struct flow_ticker *ticker;
    size_t len, cap;
    struct flow_object top; /* members of the file that are no ticker entries, less _metadata */
    bool is_dirty;
    int64_t dirty_since_ns;
};

void flow_model_done(struct flow_model *m);

/* The entry of a symbol; NULL where there is none, or no room for a new one. */
struct flow_ticker *flow_model_find(const struct flow_model *m, const char *symbol);
struct flow_ticker *flow_model_need(struct flow_model *m, const char *symbol);

/* Replaces one member of the entry.  A member with no value is removed by flow_model_unset. */
void flow_model_set(struct flow_model *m, struct flow_ticker *t, const char *key,
                    const struct text *json, int64_t now_ns);
void flow_model_unset(struct flow_model *m, struct flow_ticker *t, const char *key, int64_t now_ns);
const char *flow_model_get(const struct flow_ticker *t,
                           const char *key); /* JSON text, NULL = absent */

/* Lays the members of an object over the ticker's greeks. */
void flow_model_merge_greeks(struct flow_model *m, struct flow_ticker *t, const struct text *object,
                             int64_t now_ns);

void flow_model_set_top(struct flow_model *m, const char *key, const struct text *json,
                        int64_t now_ns);

/*
 * A job succeeded for the ticker: its stamp, and the stamp of the entry.  _last_update is the age
 * of the flow; only before the first flow it is that of any job.
 */
void flow_model_touch(struct flow_model *m, struct flow_ticker *t, const char *job, bool is_flow,
                      int64_t now_ns);
int64_t flow_model_updated_s(const struct flow_ticker *t, const char *job); /* 0 = never */

/* The flow members of an entry: none, with a neutral summary. */
void flow_model_clear_flow(struct flow_model *m, struct flow_ticker *t, int64_t now_ns);
/* Clears flow that is older than two hours; how many entries had some. */
size_t flow_model_expire(struct flow_model *m, int64_t now_ns);

/* The first reading: everything.  With is_live, entries that a mock daemon wrote are left out. */
void flow_model_load(struct flow_model *m, const struct json *doc, bool is_live);
/* Somebody else wrote the file: foreign tickers and members we do not own come from there. */
void flow_model_adopt(struct flow_model *m, const struct json *doc);
/* At the start: entries that nobody configured, knows or has updated for a week. */
void flow_model_forget(struct flow_model *m, bool (*is_known)(void *ctx, const char *symbol),
                       void *ctx, int64_t now_s);

void flow_model_configure(struct flow_model *m, const char *symbol, bool is_configured);

/* The whole file; metadata is the JSON text of _metadata. */
void flow_model_render(struct flow_model *m, const struct text *metadata, struct text *to);

#endif
