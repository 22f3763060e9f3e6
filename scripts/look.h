/*
 * A root opened for reading, with the time that counts there: the real one, that of a paced day, or
 * the end of a day that is over.
 */
#ifndef SCRIPTS_LOOK_H
#define SCRIPTS_LOOK_H

#include "io/clock.h"
#include "io/fs.h"
#include "model/ledger.h"
#include "scripts/args.h"
#include "scripts/view.h"

enum look_day {
    LOOK_REAL,
    LOOK_PACED, /* a demo that runs */
    LOOK_OVER   /* a demo or replay that has ended */
};

struct sql_ledger;

struct look {
    struct config cfg;
    struct posix_fs posix;
    struct fs fs;
    struct zone *ny;
    struct sys_clock sys;
    struct clock clock;
    int64_t now_ns;
    enum look_day day;
    struct arena arena;     /* what was read lives here */
    struct sql_ledger *sql; /* NULL: no ledger, or it cannot be read */
    struct ledger ledger;   /* valid with sql */
    struct err ledger_err;  /* why not */
};

/* 0, or the exit code after the sentence was printed. */
int look_open(const char *command, const struct common_args *args, struct look *ret_look);
void look_close(struct look *l);

/* One member of data/uw_flow_cache.json, to be freed with json_free; NULL where there is none. */
struct json *look_cache_member(const struct look *l, const char *key);

/* The last price that any file tells, and from when; false where none does. */
bool look_price(const struct look *l, const char *symbol, usd *ret_price, int64_t *ret_at_ns);

#endif
