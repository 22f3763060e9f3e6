/*
 * The intel runners as an operator calls them: in a root of their own, against a vendor on a
 * loopback port, at an instant that the test names.
 */
#ifndef TESTS_SCRIPTS_INTEL_BED_H
#define TESTS_SCRIPTS_INTEL_BED_H

#include "tests/lib/tmpdir.h"
#include "tests/scripts/run.h"
#include "tests/scripts/served.h"

#include <math.h>
#include <sys/stat.h>

#include "intel/schema.h"
#include "scripts/command.h"

#define BED_AS_OF "2026-02-10T13:00:00Z"

enum { BED_TEXT = 96 };

struct bed {
    struct tmpdir dir;
    char base_url[BED_TEXT], data_url[BED_TEXT], trading_url[BED_TEXT];
    const char *env[RUN_ENV_MAX + 1];
};

UNUSED static void
bed_mkdir(const struct bed *b, const char *path)
{
    assert_int_equal(mkdir(tmpdir_path(&b->dir, path), 0750), 0);
}

UNUSED static struct bed
bed_open(void)
{
    struct bed b = {.dir = tmpdir_new()};

    bed_mkdir(&b, "state");
    bed_mkdir(&b, "logs");
    return b;
}

UNUSED static void
bed_close(struct bed *b)
{
    tmpdir_done(&b->dir);
}

/* Settings for a vendor and a broker on that port; more: one variable beside, or NULL. */
UNUSED static void
bed_point(struct bed *b, int port, const char *more)
{
    size_t n = 0;

    (void)snprintf(b->base_url, sizeof b->base_url, "UW_BASE_URL=http://127.0.0.1:%d", port);
    (void)snprintf(b->data_url, sizeof b->data_url, "ALPACA_DATA_URL=http://127.0.0.1:%d", port);
    (void)snprintf(b->trading_url, sizeof b->trading_url, "ALPACA_BASE_URL=http://127.0.0.1:%d",
                   port);
    b->env[n++] = b->base_url;
    b->env[n++] = b->data_url;
    b->env[n++] = b->trading_url;
    b->env[n++] = "UW_API_KEY=uw";
    b->env[n++] = "ALPACA_KEY=key";
    b->env[n++] = "ALPACA_SECRET=secret";
    /* Pauses between attempts and full minutes take next to no real time. */
    b->env[n++] = "STOCKBOT_CLOCK=2026-02-10T15:00:00Z@1000";
    if (more != NULL) b->env[n++] = more;
    b->env[n] = NULL;
}

/* One more setting, or another value for one. */
UNUSED static void
bed_set(struct bed *b, const char *setting)
{
    size_t n = 0;

    while (b->env[n] != NULL)
        n++;
    assert_true(n < RUN_ENV_MAX);
    b->env[n] = setting;
    b->env[n + 1] = NULL;
}

UNUSED static struct ran
bed_run_args(const struct bed *b, int (*command)(int, char **), const char *const *extra)
{
    const char *args[RUN_ARGS_MAX] = {"runner", "--root", b->dir.path, "--as-of", BED_AS_OF};

    for (size_t i = 0; extra != NULL && extra[i] != NULL; i++)
        args[5 + i] = extra[i];
    return run_command(command, args, b->env);
}

#define BED_RUN(b, command, ...)                                                                   \
    bed_run_args((b), (command), (const char *const[]){__VA_ARGS__, NULL})

UNUSED static struct json *
bed_doc(const struct bed *b, const char *path)
{
    CLEANUP(text_free) struct text bytes = tmpdir_read(&b->dir, path);

    return run_json(&bytes);
}

UNUSED static bool
bed_has(const struct bed *b, const char *path)
{
    return access(tmpdir_path(&b->dir, path), F_OK) == 0;
}

UNUSED static void
bed_expect_sound(const struct bed *b, const char *path, enum schema schema)
{
    CLEANUP(json_freep) struct json *doc = bed_doc(b, path);
    struct err err = {0};

    if (schema_check(schema, doc, &err) != RC_OK) fail_msg("%s: %s", path, err.text);
}

/* The summary line of a run with --json. */
UNUSED static struct json *
bed_summary(const struct ran *r)
{
    if (r->status != 0) fail_msg("status %d: %s", r->status, text_str(&r->err));
    return run_json(&r->out);
}

/* ---- the day ------------------------------------------------------------------------------- */

#define DAILY      "state/daily_universe.json"
#define CORE       "state/core_universe.json"
#define DAILY_V2   "state/daily_universe_v2.json"
#define REGIME     "state/regime_state.json"
#define PREMARKET  "state/premarket_intel.json"
#define POSTMARKET "state/postmarket_intel.json"
#define BEFORE     "state/premarket_exit_intel.json"
#define AFTER      "state/postmarket_exit_intel.json"

UNUSED static const char *const SYMBOLS[] = {"AAPL", "NVDA", "TSLA", "XOM", "JPM"};
UNUSED static const struct serve MARKET = {.symbols = SYMBOLS, .symbols_len = COUNT_OF(SYMBOLS)};

/* What the engine and the simulator of v2 leave behind. */
UNUSED static void
write_inputs(const struct bed *b)
{
    tmpdir_write(&b->dir, "state/symbol_risk_features.json",
                 "{\"_meta\":{\"ts\":\"2026-02-10T12:00:00Z\"},\"symbols\":{"
                 "\"NVDA\":{\"realized_vol_20d\":0.5},\"aapl\":{\"realized_vol_20d\":0.3},"
                 "\"XOM\":{\"realized_vol_20d\":\"0.6\"},\"ODD\":7}}");
    tmpdir_write(&b->dir, "state/market_context_v2.json",
                 "{\"market_trend\":\"down\",\"volatility_regime\":\"high\"}");
    tmpdir_write(&b->dir, "state/regime_posture_state.json",
                 "{\"posture\":\"short\",\"regime_confidence\":0.7}");
    tmpdir_write(&b->dir, "state/shadow_v2_positions.json",
                 "{\"positions\":{\"NVDA\":{\"entry_uw\":{\"v2_uw_inputs\":{\"sentiment\":"
                 "\"bullish\"}}},\"GONE\":{\"entry_uw\":{\"v2_uw_inputs\":{\"sentiment\":"
                 "\"BEARISH\"}}},\"XOM\":3}}");
}

UNUSED static void
expect_event(const struct bed *b, const char *name, const char *detail)
{
    CLEANUP(text_free) struct text log = tmpdir_read(&b->dir, "logs/system_events.jsonl");
    const char *at = strstr(text_str(&log), name);

    if (at == NULL || strstr(at, detail) == NULL)
        fail_msg("no %s with %s in %s", name, detail, text_str(&log));
}

UNUSED static void
expect_near(double got, double want)
{
    if (!(fabs(got - want) <= 1e-9)) fail_msg("got %.12g, want %.12g", got, want);
}

UNUSED static void
run_all(const struct bed *b)
{
    static const struct {
        int (*command)(int, char **);
        const char *path;
    } steps[] = {
        {cmd_build_daily_universe,      DAILY     },
        {cmd_run_premarket_intel,       PREMARKET },
        {cmd_run_regime_detector,       REGIME    },
        {cmd_run_premarket_exit_intel,  BEFORE    },
        {cmd_run_postmarket_intel,      POSTMARKET},
        {cmd_run_postmarket_exit_intel, AFTER     },
    };

    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        CLEANUP(ran_free) struct ran r = bed_run_args(b, steps[i].command, NULL);
        char line[BED_TEXT];

        (void)snprintf(line, sizeof line, "%s\n", steps[i].path);
        run_expect(&r, 0, "", "");
        assert_string_equal(text_str(&r.out), line);
    }
}

UNUSED static void
expect_all_sound(const struct bed *b)
{
    bed_expect_sound(b, DAILY, SCHEMA_DAILY_UNIVERSE);
    bed_expect_sound(b, CORE, SCHEMA_CORE_UNIVERSE);
    bed_expect_sound(b, DAILY_V2, SCHEMA_DAILY_UNIVERSE_V2);
    bed_expect_sound(b, REGIME, SCHEMA_REGIME_STATE);
    bed_expect_sound(b, PREMARKET, SCHEMA_PREMARKET_INTEL);
    bed_expect_sound(b, POSTMARKET, SCHEMA_POSTMARKET_INTEL);
    bed_expect_sound(b, BEFORE, SCHEMA_PREMARKET_EXIT_INTEL);
    bed_expect_sound(b, AFTER, SCHEMA_POSTMARKET_EXIT_INTEL);
}

#endif
