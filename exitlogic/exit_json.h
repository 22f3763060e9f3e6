/*
 * The exit logic from and to JSON: what the shadow's records, the exit intel files, the P&L summary
 * and `stockbot calc` have in common.
 */
#ifndef EXITLOGIC_EXIT_JSON_H
#define EXITLOGIC_EXIT_JSON_H

#include "base/ops.h"
#include "exitlogic/exit_pnl.h"
#include "exitlogic/exitlogic.h"

/* Components rounded to 4 decimals, all ten keys. */
void v2_components_write(struct json_out *o, const char *key, const struct v2_exit_score *s);

/* The numbers a level was made of, or why there is none. */
void v2_target_reasoning_write(struct json_out *o, const char *key, const struct v2_target *r,
                               const char *regime_label, const char *sector);
void v2_stop_reasoning_write(struct json_out *o, const char *key, const struct v2_stop *r,
                             const char *regime_label);
void v2_replace_reasoning_write(struct json_out *o, const char *key,
                                const struct v2_replacement *r);

/* In upper case (ASCII); "" writes dflt. */
void v2_upper_write(struct json_out *o, const char *key, const char *s, const char *dflt);

/* A flag is raised by any truthy value; NULL raises none. */
struct v2_exit_flags v2_flags_decode(const struct json *flags);
void v2_flags_write(struct json_out *o, const char *key, const struct v2_exit_flags *f);

/*
 * The flags of a held symbol from its record in state/premarket_intel.json, postmarket_intel.json;
 * NULL where it has none.
 */
struct v2_exit_flags v2_flags_premarket_decode(const struct json *record, const char *regime_label);
struct v2_exit_flags v2_flags_postmarket_decode(const struct json *record,
                                                const char *entry_sentiment,
                                                const char *regime_label);

/* One record of logs/exit_attribution.jsonl; the row borrows from it and from store. */
struct v2_exit_row_store {
    char reason[F64_TEXT_MAX], regime[F64_TEXT_MAX], sector[F64_TEXT_MAX];
};
struct v2_exit_row v2_exit_row_decode(const struct json *record, struct v2_exit_row_store *store);

/* Whether the record belongs to the day YYYY-MM-DD; one without a timestamp belongs to today. */
bool v2_exit_row_is_of(const struct json *record, const char *day, const char *today);

enum v2_exit_pnl_form {
    V2_EXIT_PNL_PLAIN,   /* the members of spec 30 7.8 */
    V2_EXIT_PNL_EXTENDED /* and those of spec 40 5.2: averages over the rows that have a P&L */
};

/* The members of the summary, without _meta, into an object that is open. */
void v2_exit_pnl_write(struct json_out *o, const struct v2_exit_pnl *s, enum v2_exit_pnl_form form);

#endif
