/*
 * What the `stockbot calc` forms of the decisions read alike: settings by name, instants, words.
 */
#ifndef STRATEGY_CALC_INPUT_H
#define STRATEGY_CALC_INPUT_H

#include "config/config.h"
#include "strategy/arm.h"
#include "strategy/direction.h"

struct json;
struct json_in;

/*
 * The defaults of config.def, with "settings" of the input in their place: an object of setting
 * names and numbers or booleans.  Texts and lists stay empty.  RC_RANGE names a setting that is
 * unknown or out of bounds.
 */
enum rc calc_settings(const struct json *in, struct strategy_config *ret_cfg,
                      struct err *err) MUST_USE;

/* An instant: ISO text, or seconds since 1970; dflt where there is none, RC_PARSE where it is
 * neither. */
enum rc calc_time(const struct json *in, const char *key, int64_t dflt, int64_t *ret_ns,
                  struct err *err) MUST_USE;

/* A number, NaN where there is none. */
double calc_number(const struct json *in, const char *key);

enum direction calc_direction(const struct json *in, const char *key);

/*
 * What may be absent or null (dflt, false, NULL) but is an error where it is something else: a
 * check by hand that passed over a misspelt value would answer another question.
 */
double calc_opt_f64(struct json_in *in, const char *key, double dflt); /* or numeric text */
int calc_opt_count(struct json_in *in, const char *key);               /* 0..1000; 0 if absent */
bool calc_opt_bool(struct json_in *in, const char *key);
const struct json *calc_opt_arr(struct json_in *in, const char *key);
/* RC_PARSE for what is neither bullish nor bearish. */
enum direction calc_need_direction(struct json_in *in, const char *key);
/* PAPER unless "mode" says LIVE. */
enum trade_mode calc_mode(struct json_in *in);

/* A symbol in upper case; RC_PARSE where it is missing or not one. */
enum rc calc_symbol(const struct json *in, char ret_symbol[SYMBOL_MAX], struct err *err) MUST_USE;

#endif
