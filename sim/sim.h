/*
 * sim: a market for tests, demos and replays, behind the APIs of the vendor and of the broker.
 *
 * sim_handle() is the whole service as a function: a request in, a reply out.  server.c puts it
 * behind loopback HTTP; in-process tests call it through http_in_process.c.  One trading day at a
 * time.
 *
 *   day.h              the day: bars, prices, quotes (day*.c, path.c, profile.c, noise.c)
 *   flow.h             option flow alerts, dark pool prints, market tide of that day (flow*.c)
 *   book.h             the broker's book: orders, fills, positions, cash (book*.c)
 *   book_broker.h      the book as a struct broker, without HTTP
 *   faults.h           what goes wrong on request
 *   sim.c              routing, keys, faults, counters, control
 *   uw_api.c           the Unusual Whales endpoints; uw_rows.c and uw_filings.c make the tables
 *   alpaca_api.c       the trading endpoints; alpaca_data.c market data; alpaca_json.c the shapes
 *   stamp.c            instants and decimals as the two vendors write them
 *   http_in_process.c  the whole of it as the HTTP seam
 *   trade_stream.c     the stream of trade updates, as one connection sees it
 *   server.c           libmicrohttpd on one poll loop
 *   options.c, load.c  the command line; the day made from what it names
 *   main.c             wiring
 *   sim_clock.c, mem_fs.c, faulty_fs.c, ledger_mem.c
 *                      clock, disks and ledger of in-process simulations and of tests
 *
 * It must never be reachable from another machine, and never be linked into a program that trades.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "base/clock.h"
#include "sim/faults.h"
#include "sim/flow.h"

enum { SIM_QUERY_MAX = 24, SIM_HEADERS_MAX = 4, SIM_BODY_MAX = 64 * 1024 };

enum sim_route {
    ROUTE_UW_FLOW_ALERTS,
    ROUTE_UW_DARKPOOL,
    ROUTE_UW_TIDE,
    ROUTE_UW_NET_IMPACT,
    ROUTE_UW_GREEK_EXPOSURE,
    ROUTE_UW_OI_CHANGE,
    ROUTE_UW_MAX_PAIN,
    ROUTE_UW_IV_RANK,
    ROUTE_UW_CONGRESS,
    ROUTE_UW_ETF_FLOW,
    ROUTE_UW_FTDS,
    ROUTE_UW_INSIDER,
    ROUTE_UW_OWNERSHIP,
    ROUTE_UW_EARNINGS,
    ROUTE_UW_EARNINGS_LIST,
    ROUTE_ACCOUNT,
    ROUTE_CLOCK,
    ROUTE_CALENDAR,
    ROUTE_ASSET,
    ROUTE_POSITIONS,
    ROUTE_POSITION,
    ROUTE_POSITION_CLOSE,
    ROUTE_ORDER_POST,
    ROUTE_ORDERS,
    ROUTE_ORDER,
    ROUTE_ORDER_BY_CLIENT,
    ROUTE_ORDER_CANCEL,
    ROUTE_ACTIVITIES,
    ROUTE_TRADE,
    ROUTE_QUOTE,
    ROUTE_BARS,
    ROUTE_STREAM,
    ROUTE_CONTROL,
    ROUTE_UNKNOWN,
    ROUTES_LEN
};

struct sim_param {
    const char *name, *value; /* decoded */
};

struct sim_request {
    const char *method, *path; /* path decoded, without the query */
    struct sim_param query[SIM_QUERY_MAX];
    size_t query_len;
    const char *authorization, *apca_key, *apca_secret; /* NULL where not sent */
    const char *ws_key; /* of a request to become a WebSocket; NULL otherwise */
    const char *body;
    size_t body_len;
};

enum sim_fate {
    FATE_ANSWER,
    FATE_DROP,    /* say nothing */
    FATE_RESET,   /* break the connection */
    FATE_TRUNCATE /* send half the body, then break it */
};

struct sim_reply {
    enum sim_fate fate;
    int status;
    const char *content_type;
    struct text body;
    struct {
        char name[32];
        char value[64];
    } header[SIM_HEADERS_MAX];
    size_t headers_len;
    int64_t delay_ms;
};

struct sim_keys {
    const char *uw, *alpaca, *alpaca_secret;
};

struct sim {
    const struct zone *ny;     /* borrowed */
    const struct clock *clock; /* borrowed */
    struct sim_keys keys;
    struct sim_day day;
    struct sim_flow flow;
    struct sim_book book;
    struct faults faults;
    int64_t latency_ms; /* added to every answer but the control's */
    int64_t now_ns;     /* of the request at hand */
    int64_t requests[ROUTES_LEN];
    int64_t requests_total, uw_requests;
    int64_t unknown_params;
    int64_t faults_hit;
    bool is_stop_wanted, is_save_wanted; /* set by the control, read by the loop */
};

/* Answers one request.  The reply's body is the caller's to free. */
void sim_handle(struct sim *sim, const struct sim_request *req, struct sim_reply *ret_reply);
void sim_reply_free(struct sim_reply *r); /* fits CLEANUP */
void sim_done(struct sim *sim);

const char *sim_query(const struct sim_request *req, const char *name); /* NULL where absent */
int64_t sim_query_i64(const struct sim_request *req, const char *name, int64_t dflt, int64_t lo,
                      int64_t hi);
/* Counts parameters outside the list, which ends with NULL. */
void sim_known(struct sim *sim, const struct sim_request *req, const char *const names[]);
void sim_header(struct sim_reply *r, const char *name, const char *value);

/* The book and the counters as one JSON document. */
void sim_write(struct sim *sim, struct text *to);

/* Each answers one API; the route is set for the count. */
enum sim_route uw_handle(struct sim *sim, const struct sim_request *req, struct sim_reply *r);
enum sim_route alpaca_handle(struct sim *sim, const struct sim_request *req,
                             const struct fault_choice *fault, struct sim_reply *r);

#endif
