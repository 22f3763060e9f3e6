/*
 * `stockbot uw`: the Unusual Whales API in the operator's hand.
 *
 *   cmd_uw.c          which of the four, and the table of endpoints
 *   cmd_uw_get.c      one call through the one client
 *   uw_desk.c         the client and what it needs, for this and for the runners
 *   cmd_uw_why.c      a refusal in words: which check, what to do
 *   cmd_uw_budget.c   what is spent, what is left, how long it lasts; and the drift report
 */
#ifndef SCRIPTS_CMD_UW_H
#define SCRIPTS_CMD_UW_H

#include "scripts/runner.h"
#include "uwclient/client.h"

/* argv[0] is the name of the part. */
int uw_get_main(int argc, char **argv);
int uw_budget_main(int argc, char **argv);
int uw_drift_main(int argc, char **argv);
int uw_endpoints_main(int argc, char **argv);

/* A part without options of its own: -1: go on; otherwise the exit code, all is said. */
int uw_parse_plain(int argc, char **argv, const char *help, struct common_args *args);

struct usage_limits uw_limits_of(const struct uw_config *cfg);

/* "121 of 14250 calls today" */
void uw_say_spent(const struct usage_view *v, struct text *to);

/* "at this rate exhausted at 14:12 ET", "used up until 19:00 ET", "lasts for the day" */
void uw_say_forecast(const struct zone *ny, const struct usage_view *v, int64_t now_ns,
                     struct text *to);

/* "14:12 ET", with the date in front where it is not today's in New York. */
void uw_say_time(const struct zone *ny, int64_t at_ns, int64_t now_ns, struct text *to);

/* A call and its answer, for who explains it. */
struct uw_refusal {
    const struct runner *r;
    struct uw_client *client;
    const char *spec_path;
    const struct match *match; /* op is NULL where the path was refused: */
    const char *match_why;
    const struct uw_params *params;
    const char *policy; /* NULL = none */
    enum uw_scope scope;
    const struct uw_answer *answer;
};

/* Two lines on standard error: what happened, and what the operator can do; nothing for an answer.
 */
void uw_say_refusal(const struct uw_refusal *f);

#endif
