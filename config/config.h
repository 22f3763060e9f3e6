/*
 * config: the settings table.  One row of config.def is one fact: name, default, bounds, meaning.
 *
 * The name is the environment variable and the YAML key alike.  Sources, strongest first:
 * environment, environment file (ENV_FILE), YAML file (STOCKBOT_CONFIG, else config/stockbot.yaml
 * under the root), default.  The supervisor lets the environment file win over what it inherited
 * (spec 10 R1.4), so that a mended file takes effect without a restart.
 *
 * A bad line in the YAML file (unknown key, wrong type, out of bounds) refuses the start and names
 * file and line.  An unusable value in the environment is replaced by the next weaker source and
 * reported (spec 10 R1.21).  After loading the config is const; a module receives its own part.
 *
 * An empty value is no value, except where the default is empty too; there "" in a stronger source
 * clears what a weaker one says.
 *
 *   config.c       the sources, which of them wins, and what is asked of a loaded config
 *   value.c        the table; text to value: kinds, bounds, lists
 *   env_file.c     KEY=VALUE files
 *   yaml.c         a small strict reader of YAML for config and uwclient, on libyaml
 *   config_yaml.c  the settings file: known keys, each once, with a value of its kind
 *   config_show.c  `stockbot config show`: every value, its source, its meaning
 *   theme.c        theme_risk.json and theme_map.json (spec 10 R5.17)
 *
 * Beside the code lie the data files that are shipped: theme_risk.json, sector_profiles.json,
 * execution_router.json and stockbot.yaml.example.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "base/err.h"
#include "base/text.h"
#include "base/usd.h"

struct name_list {
    char **item;
    size_t len;
};

struct broker_config {
    const char *key, *secret; /* secrets */
    const char *base_url, *data_url;
    const char *trading_mode; /* PAPER or LIVE */
    const char *live_ack;
    bool require_live_ack;
    bool has_trade_stream;
    int64_t trade_stream_silent_s; /* real time */
    int64_t requests_per_min;
    double max_notional_per_order; /* USD */
};

struct uw_config {
    const char *api_key; /* secret */
    const char *base_url;
    const char *spec_path;
    int64_t rate_limit_per_min, daily_limit;
    double safety_buffer;
    bool mock, mock_enforce_limits, raw_payload_log;
    int64_t congress_limit, flow_lookback_s;
    struct name_list tickers, etf_tickers;
};

struct strategy_config {
    struct name_list tickers;
    bool long_only;
    double min_premium_usd;
    int64_t max_expiry_days, cluster_window_s, cluster_min_sweeps;
    double min_exec_score, size_base_usd, min_notional_usd;
    int64_t max_concurrent_positions;
    int64_t cooldown_min, min_cooldown_min;
    int64_t time_exit_min, time_exit_days_stale;
    double time_exit_stale_pnl, trailing_stop_fraction;
    int64_t stale_trade_min;
    double stale_trade_momentum;
    bool regime_aware_stale;
    double entry_tolerance_bps, slippage_threshold_bps, max_spread_bps;
    int64_t entry_max_retries;
    double entry_retry_sleep_s;
    bool entry_post_only, exec_predictor, spread_watchdog, theme_risk;
    double max_theme_notional_usd, starting_equity; /* starting_equity 0 = by mode */
    const char *theme_map_path;                     /* relative to the root */
    double max_position_size_usd, max_notional_per_order, max_portfolio_exposure, max_concentration;
    double max_price_deviation;
    bool allow_direction_flip, displacement, exhaustion_gate, gamma_wall_gate, rvol_boost;
    struct name_list profit_targets, scale_out_fractions; /* decimal texts */
    int64_t displacement_min_age_h, displacement_cooldown_h;
    double displacement_max_pnl, displacement_score_advantage;
    int64_t bar_stale_max_age_min;
};

struct engine_config {
    int64_t run_interval_s, max_stall_s, backoff_base_s, backoff_max_s;
    int64_t exit_fill_wait_s;
    bool simulate_market_open;
    const char *webhook_url;
    const char *composite_version;
    bool shadow_trading, shadow_pnl, shadow_exit, v2_shaping;
};

struct supervisor_config {
    int64_t grace_s;
    int64_t max_stall_s; /* the same fact as engine.max_stall_s */
    const char *env_file;
    bool run_daemon; /* start uw_flow_daemon unless another process holds its lock */
    bool run_sim;    /* start market_sim too: demo and tests only                    */
    const char *sim_args;
};

struct runner_config {
    const char *role; /* "server", or "operator": the machine that fetches from it */
    bool preopen_skip_regression;
    /* The server that `run-uw-intel-on-droplet` works on; "" and 0: as droplet_config.json says. */
    const char *droplet_host, *droplet_user, *droplet_key_file, *droplet_project_dir, *droplet_ssh;
    int64_t droplet_port;
};

struct config {
    struct broker_config broker;
    struct uw_config uw;
    struct strategy_config strategy;
    struct engine_config engine;
    struct supervisor_config supervisor;
    struct runner_config runner;
    const char *root;            /* STOCKBOT_ROOT, absolute */
    const char *clock;           /* STOCKBOT_CLOCK, "" = real */
    const char *clock_skew_file; /* tests step the wall clock through it; "" = none */
    const char *log_level;
    struct config_store *store; /* owns the texts above */
};

/* Where a value came from. */
enum config_source { CONFIG_DEFAULT, CONFIG_YAML, CONFIG_ENV_FILE, CONFIG_ENV };

/* Something unusable in the environment or its file: passed over; the caller reports it. */
struct config_issue {
    const char *name; /* of the setting; "<file>:<line>" for a line that cannot be read */
    const char *used; /* what stands instead; "set" or "unset" for a secret, "" for a line */
    const char *why;  /* never quotes a secret */
};

struct config_options {
    const char *root;      /* --root; NULL = STOCKBOT_ROOT, else "var/run" */
    const char *yaml_path; /* --config; NULL = STOCKBOT_CONFIG, else <root>/config/stockbot.yaml */
    bool env_file_wins;    /* the supervisor's order */
    const char *const *environ_; /* NULL = the process environment, else "NAME=value" ..., NULL */
};

/* Gives a config that config_done frees.  RC_PARSE or RC_RANGE name file and line. */
enum rc config_load(const struct config_options *opt, struct config *ret_config,
                    struct err *err) MUST_USE;
void config_done(struct config *c);

/* What was passed over while loading (at most 64 are kept); count and the i-th. */
size_t config_issues(const struct config *c);
struct config_issue config_issue(const struct config *c, size_t i);

/* One line a setting: name, value (secrets "set" or "unset"), unit, source with line, meaning. */
void config_show(const struct config *c, struct text *to, bool as_json);

/* A setting by name as text, NULL for an unknown name; secrets are never returned. */
const char *config_text(const struct config *c, const char *name);

/* Names of required secrets that are empty, in order; 0 when all are there (spec 10 R1.14). */
size_t config_missing_secrets(const struct config *c, const char *ret_names[3]);

struct env_file;
/* The environment file as read; the supervisor hands its values on (config/env_file.h). */
const struct env_file *config_env_file(const struct config *c);

/*
 * Replaces every literal secret value of at least six characters inside the text by "***"
 * (spec 10 R1.16).
 */
void config_redact(const struct config *c, struct text *text);
void config_redact_secret(struct text *text, const char *secret); /* one of them */

#endif
