#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/json.h"
#include "base/rand.h"
#include "config/env_file.h"
#include "model/symbol.h"
#include "tests/lib/tmpdir.h"

static const char *const no_environment[] = {NULL};

/* Loads with the given settings file, environment file and environment; each may be NULL. */
static enum rc
load(const struct tmpdir *dir, const char *yaml, const char *env_file, const char *const *vars,
     struct config *ret_config, struct err *err)
{
    if (yaml != NULL) tmpdir_write(dir, "settings.yaml", yaml);
    if (env_file != NULL) tmpdir_write(dir, ".env", env_file);
    struct config_options opt = {
        .root = dir->path,
        .yaml_path = yaml != NULL ? tmpdir_path(dir, "settings.yaml") : NULL,
        .environ_ = vars != NULL ? vars : no_environment,
    };
    return config_load(&opt, ret_config, err);
}

static struct config
load_ok(const struct tmpdir *dir, const char *yaml, const char *env_file, const char *const *vars)
{
    struct config cfg = {0};
    struct err err = {0};
    if (load(dir, yaml, env_file, vars, &cfg, &err) != RC_OK) fail_msg("%s", err.text);
    return cfg;
}

static void
test_config_without_any_source_is_the_table(void **state)
{
    (void)state;
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(config_done) struct config cfg = load_ok(&dir, NULL, NULL, NULL);

    assert_int_equal(config_issues(&cfg), 0);
    assert_string_equal(cfg.root, dir.path);
    assert_string_equal(cfg.broker.base_url, "https://paper-api.alpaca.markets");
    assert_string_equal(cfg.broker.key, "");
    assert_string_equal(cfg.clock, "");
    assert_int_equal(cfg.engine.run_interval_s, 60);
    assert_int_equal(cfg.engine.max_stall_s, 180);
    assert_true(cfg.broker.require_live_ack);
    assert_false(cfg.strategy.long_only);
    assert_true(cfg.strategy.min_exec_score > 2.999 && cfg.strategy.min_exec_score < 3.001);
    assert_int_equal(cfg.strategy.tickers.len, 53);
    assert_string_equal(cfg.strategy.tickers.item[0], "AAPL");
    assert_string_equal(cfg.strategy.tickers.item[52], "LOW");
}

static void
test_config_shares_one_fact_between_modules(void **state)
{
    (void)state;
    static const char *const vars[] = {"TICKERS=X,Y", "MAX_STALL_SEC=7",
                                       "MAX_NOTIONAL_PER_ORDER=123", NULL};
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(config_done) struct config cfg = load_ok(&dir, NULL, NULL, vars);
    assert_int_equal(cfg.uw.tickers.len, 2);
    assert_ptr_equal(cfg.uw.tickers.item, cfg.strategy.tickers.item);
    assert_int_equal(cfg.supervisor.max_stall_s, 7);
    assert_true(cfg.broker.max_notional_per_order > 122.9 &&
                cfg.broker.max_notional_per_order < 123.1);
}

static void
test_config_strongest_source_wins(void **state)
{
    (void)state;
    static const struct {
        const char *promise, *yaml, *file, *env;
        bool file_wins;
        int64_t want;
    } cases[] = {
        {"default",                      NULL, NULL, NULL,  false, 60},
        {"YAML over default",            "1",  NULL, NULL,  false, 1 },
        {"environment file over YAML",   "1",  "2",  NULL,  false, 2 },
        {"environment over its file",    "1",  "2",  "3",   false, 3 },
        {"supervisor: the file wins",    "1",  "2",  "3",   true,  2 },
        {"supervisor: without the file", "1",  NULL, "3",   true,  3 },
        {"unusable: the next one",       "1",  "2",  "x",   false, 2 },
        {"both unusable: YAML",          "1",  "-5", "x",   false, 1 },
        {"all unusable: default",        NULL, "0",  "1h",  false, 60},
        {"empty is not given",           "1",  "",   " ",   false, 1 },
        {"surrounding blanks",           NULL, NULL, " 5 ", false, 5 },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
        char yaml[64] = "", file[64] = "", env[64] = "";
        const char *vars[] = {cases[i].env != NULL ? env : NULL, NULL};
        (void)snprintf(env, sizeof env, "RUN_INTERVAL_SEC=%s",
                       cases[i].env != NULL ? cases[i].env : "");
        (void)snprintf(yaml, sizeof yaml, "RUN_INTERVAL_SEC: %s\n",
                       cases[i].yaml != NULL ? cases[i].yaml : "");
        (void)snprintf(file, sizeof file, "RUN_INTERVAL_SEC=%s\n",
                       cases[i].file != NULL ? cases[i].file : "");
        if (cases[i].yaml != NULL) tmpdir_write(&dir, "s.yaml", yaml);
        if (cases[i].file != NULL) tmpdir_write(&dir, ".env", file);
        struct config_options opt = {.root = dir.path,
                                     .yaml_path =
                                         cases[i].yaml != NULL ? tmpdir_path(&dir, "s.yaml") : NULL,
                                     .env_file_wins = cases[i].file_wins,
                                     .environ_ = vars};
        struct config cfg;
        struct err err = {0};
        if (config_load(&opt, &cfg, &err) != RC_OK) fail_msg("%s: %s", cases[i].promise, err.text);
        if (cfg.engine.run_interval_s != cases[i].want)
            fail_msg("%s: %lld", cases[i].promise, (long long)cfg.engine.run_interval_s);
        config_done(&cfg);
    }
}

static void
test_config_replaces_and_reports_what_the_environment_spells_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *promise, *var, *name, *used, *words;
    } cases[] = {
        {"no number",                       "RUN_INTERVAL_SEC=soon",                     "RUN_INTERVAL_SEC", "60",
         "the environment: \"soon\": is no whole number"                                                                                                                                       },
        {"below",                           "RUN_INTERVAL_SEC=0",                        "RUN_INTERVAL_SEC", "60",
         "the environment: \"0\": is outside 1 to 3600"                                                                                                                                        },
        {"above",                           "RUN_INTERVAL_SEC=3601",                     "RUN_INTERVAL_SEC", "60",                            "is outside 1 to 3600"                           },
        {"fraction for a whole number",     "MAX_STALL_SEC=1.5",                         "MAX_STALL_SEC",    "180",
         "is no whole number"                                                                                                                                                                  },
        {"too long for 64 bits",            "MAX_STALL_SEC=99999999999999999999",        "MAX_STALL_SEC",    "180",
         "is no whole number"                                                                                                                                                                  },
        {"not a number",                    "MIN_EXEC_SCORE=nan",                        "MIN_EXEC_SCORE",   "3.0",                           "is no number"                                   },
        {"infinite",                        "MIN_EXEC_SCORE=inf",                        "MIN_EXEC_SCORE",   "3.0",                           "is no number"                                   },
        {"neither true nor false",          "LONG_ONLY=maybe",                           "LONG_ONLY",        "false",
         "is neither true nor false"                                                                                                                                                           },
        {"none of the words",               "TRADING_MODE=LVE",                          "TRADING_MODE",     "PAPER",                         "is none of PAPER|LIVE"                          },
        {"no URL",                          "UW_BASE_URL=example.org",                   "UW_BASE_URL",      "https://api.unusualwhales.com",
         "is no http or https URL"                                                                                                                                                             },
        {"plain http elsewhere",            "ALPACA_BASE_URL=http://example.org",        "ALPACA_BASE_URL",
         "https://paper-api.alpaca.markets",                                                                                                  "http is for this machine only"                  },
        {"a user name in a URL",            "UW_BASE_URL=https://127.0.0.1@example.org", "UW_BASE_URL",
         "https://api.unusualwhales.com",                                                                                                     "holds a user name"                              },
        {"no symbols at all",               "UW_ETF_TICKERS=,;,",                        "UW_ETF_TICKERS",
         "SPY,QQQ,IWM,DIA,XLF,XLE,XLK,XLV,XLI,XLP",                                                                                           "no symbol in it"                                },
        {"some symbols are none",           "UW_ETF_TICKERS=spy,TOOLONGSYMBOL,B@D,IWM",  "UW_ETF_TICKERS",
         "SPY,IWM",                                                                                                                           "no symbols, left out: \"TOOLONGSYMBOL\" \"B@D\""},
        {"a control character in a secret", "UW_API_KEY=abc\ndef",                       "UW_API_KEY",       "unset",
         "the environment: a control character"                                                                                                                                                },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
        const char *vars[] = {cases[i].var, NULL};
        CLEANUP(config_done) struct config cfg = load_ok(&dir, NULL, NULL, vars);
        assert_int_equal(config_issues(&cfg), 1);
        struct config_issue issue = config_issue(&cfg, 0);
        if (!str_eq(issue.name, cases[i].name) || !str_eq(issue.used, cases[i].used) ||
            strstr(issue.why, cases[i].words) == NULL)
            fail_msg("%s: %s, %s, %s", cases[i].promise, issue.name, issue.used, issue.why);
        assert_null(strstr(issue.why, "abc"));
    }
}

static void
test_config_accepts_every_spelling_it_promises(void **state)
{
    (void)state;
    static const struct {
        const char *var, *name, *text;
    } cases[] = {
        {"LONG_ONLY=YES",                          "LONG_ONLY",         "true"                 },
        {"LONG_ONLY=on",                           "LONG_ONLY",         "true"                 },
        {"REQUIRE_LIVE_ACK=0",                     "REQUIRE_LIVE_ACK",  "false"                },
        {"MIN_EXEC_SCORE=2.5e0",                   "MIN_EXEC_SCORE",    "2.5e0"                },
        {"TRADING_MODE=live",                      "TRADING_MODE",      "LIVE"                 },
        {"COMPOSITE_VERSION= V2 ",                 "COMPOSITE_VERSION", "v2"                   },
        {"ALPACA_BASE_URL=http://127.0.0.1:8099/", "ALPACA_BASE_URL",   "http://127.0.0.1:8099"},
        {"ALPACA_BASE_URL=http://[::1]:8099",      "ALPACA_BASE_URL",   "http://[::1]:8099"    },
        {"WEBHOOK_URL=https://example.org/x?y=1",  "WEBHOOK_URL",       "set"                  },
        {"TICKERS= spy;qqq  brk.b\tSPY,qqq ",      "TICKERS",           "SPY,QQQ,BRK.B"        },
        {"ALPACA_API_KEY=k1",                      "ALPACA_KEY",        "set"                  },
        {"ALPACA_API_SECRET=s1",                   "ALPACA_SECRET",     "set"                  },
        {"ALPACA_KEY=  ",                          "ALPACA_KEY",        "unset"                },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
        const char *vars[] = {cases[i].var, NULL};
        CLEANUP(config_done) struct config cfg = load_ok(&dir, NULL, NULL, vars);
        assert_int_equal(config_issues(&cfg), 0);
        assert_string_equal(config_text(&cfg, cases[i].name), cases[i].text);
    }
}

static void
test_config_own_name_is_stronger_than_the_alias(void **state)
{
    (void)state;
    static const char *const vars[] = {"ALPACA_API_KEY=alias", "ALPACA_KEY=own",
                                       "ALPACA_API_SECRET=alias", "ALPACA_SECRET=", NULL};
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(config_done) struct config cfg = load_ok(&dir, NULL, NULL, vars);
    assert_string_equal(cfg.broker.key, "own");
    assert_string_equal(cfg.broker.secret, "alias");
}

static void
test_config_refuses_a_bad_yaml_line_and_names_it(void **state)
{
    (void)state;
    static const struct {
        const char *promise, *yaml;
        enum rc rc;
        const char *words;
    } cases[] = {
        {"unknown key",                "\nRUN_INTERVAL_SECS: 60\n",                 RC_PARSE,
         "line 2: unknown key \"RUN_INTERVAL_SECS\" (did you mean RUN_INTERVAL_SEC?)"                                                    },
        {"lower case",                 "tickers: [A]\n",                            RC_PARSE,
         "line 1: unknown key \"tickers\" (did you mean TICKERS?)"                                                                       },
        {"nothing near",               "COLOUR_OF_THE_SKY: blue\n",                 RC_PARSE,
         "line 1: unknown key \"COLOUR_OF_THE_SKY\""                                                                                     },
        {"wrong type: text",           "RUN_INTERVAL_SEC: soon\n",                  RC_PARSE,
         "line 1: RUN_INTERVAL_SEC: \"soon\": is no whole number"                                                                        },
        {"wrong type: list",           "RUN_INTERVAL_SEC: [60]\n",                  RC_PARSE,
         "line 1: RUN_INTERVAL_SEC: wants one value, not a list"                                                                         },
        {"wrong type: mapping",        "TICKERS: {A: 1}\n",                         RC_PARSE,
         "line 1: TICKERS: wants one value, not a mapping"                                                                               },
        {"wrong type: list in a list", "TICKERS: [A, [B]]\n",                       RC_PARSE,
         "line 1: TICKERS: an element is no symbol"                                                                                      },
        {"out of bounds",              "# c\nRUN_INTERVAL_SEC: 0\n",                RC_RANGE,
         "line 2: RUN_INTERVAL_SEC: \"0\": is outside 1 to 3600"                                                                         },
        {"no such choice",             "TRADING_MODE: DEMO\n",                      RC_RANGE,
         "line 1: TRADING_MODE: \"DEMO\": is none of"                                                                                    },
        {"duplicate key",              "LONG_ONLY: true\nLONG_ONLY: true\n",        RC_PARSE,
         "line 2, column 1: duplicate key"                                                                                               },
        {"duplicate by alias",         "ALPACA_KEY: a\nALPACA_API_KEY: b\n",        RC_PARSE,
         "line 2: duplicate key: ALPACA_KEY stands in line 1 already"                                                                    },
        {"no value",                   "RUN_INTERVAL_SEC:\n",                       RC_PARSE, "line 1: RUN_INTERVAL_SEC has no value"    },
        {"empty value",                "RUN_INTERVAL_SEC: \"\"\n",                  RC_RANGE,
         "line 1: RUN_INTERVAL_SEC has no value"                                                                                         },
        {"not a symbol",               "TICKERS:\n  - SPY\n  - B@D\n",              RC_RANGE,
         "line 2: TICKERS: \"B@D\" is no symbol"                                                                                         },
        {"not a mapping",              "- A\n",                                     RC_PARSE, "line 1: settings are lines of NAME: value"},
        {"not YAML",                   "A: [\n",                                    RC_PARSE, "line "                                    },
        {"a bad secret is not quoted", "UW_API_KEY: \"hush\\n\"\nUW_BASE_URL: x\n", RC_RANGE,
         "line "                                                                                                                         },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
        struct config cfg;
        struct err err = {0};
        /* The environment's better value does not hide the line. */
        static const char *const vars[] = {"RUN_INTERVAL_SEC=5", NULL};
        enum rc rc = load(&dir, cases[i].yaml, NULL, vars, &cfg, &err);
        if (rc == RC_OK) fail_msg("%s: accepted", cases[i].promise);
        const char *place = strstr(err.text, "settings.yaml: ");
        if (rc != cases[i].rc || place == NULL || !str_starts(place + 15, cases[i].words))
            fail_msg("%s: %s %s", cases[i].promise, rc_name(rc), err.text);
        assert_null(strstr(err.text, "hush"));
    }
}

static void
test_config_takes_a_whole_yaml_file(void **state)
{
    (void)state;
    static const char yaml[] = "\xef\xbb\xbf# settings\r\n"
                               "TRADING_MODE: PAPER\r\n"
                               "TICKERS: [spy, QQQ,\r\n  AAPL]\r\n"
                               "UW_ETF_TICKERS: XLF, XLE\r\n"
                               "ATR_LOOKBACK: 14\r\n"
                               "PROFIT_TARGETS: [0.02, 0.05]\r\n"
                               "MIN_EXEC_SCORE: \"3.5\"\r\n"
                               "UW_API_KEY: ''\r\n"
                               "WEBHOOK_URL: ''\r\n";
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(config_done) struct config cfg = load_ok(&dir, yaml, NULL, NULL);
    assert_int_equal(config_issues(&cfg), 0);
    assert_string_equal(config_text(&cfg, "TICKERS"), "SPY,QQQ,AAPL");
    assert_string_equal(config_text(&cfg, "UW_ETF_TICKERS"), "XLF,XLE");
    assert_string_equal(config_text(&cfg, "MIN_EXEC_SCORE"), "3.5");
    assert_string_equal(config_text(&cfg, "UW_API_KEY"), "unset");
}

static void
test_config_empty_text_clears_a_weaker_source(void **state)
{
    (void)state;
    static const char *const vars[] = {"WEBHOOK_URL=", NULL};
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(config_done)
    struct config cfg = load_ok(&dir, "WEBHOOK_URL: https://example.org\n", NULL, vars);
    assert_string_equal(cfg.engine.webhook_url, "");
}

static void
test_config_finds_its_files(void **state)
{
    (void)state;
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    struct err err = {0};
    struct config cfg;
    char config_var[400], root_var[400];
    (void)snprintf(root_var, sizeof root_var, "STOCKBOT_ROOT=%s/deep/root", dir.path);
    (void)snprintf(config_var, sizeof config_var, "STOCKBOT_CONFIG=%s/other.yaml", dir.path);
    const char *vars[] = {root_var, config_var, NULL};
    struct config_options opt = {.environ_ = vars};

    assert_int_equal(config_load(&opt, &cfg, &err), RC_NOT_FOUND); /* asked for, and missing */
    assert_non_null(strstr(err.text, "other.yaml"));
    tmpdir_write(&dir, "other.yaml", "RUN_INTERVAL_SEC: 11\nENV_FILE: ../../my.env\n");
    tmpdir_write(&dir, "my.env", "MAX_STALL_SEC=22\nENV_FILE=elsewhere\n");

    /* The environment file is sought from the root, which does not exist yet: an issue, no failure.
     */
    assert_int_equal(config_load(&opt, &cfg, &err), RC_OK);
    assert_int_equal(cfg.engine.run_interval_s, 11);
    assert_int_equal(config_issues(&cfg), 1);
    assert_string_equal(config_issue(&cfg, 0).name, "ENV_FILE");
    config_done(&cfg);

    (void)snprintf(root_var, sizeof root_var, "STOCKBOT_ROOT=%s", dir.path);
    (void)snprintf(config_var, sizeof config_var, "ENV_FILE=my.env");
    assert_int_equal(config_load(&opt, &cfg, &err),
                     RC_OK); /* the usual settings file may be missing */
    assert_int_equal(cfg.engine.max_stall_s, 22);
    assert_string_equal(cfg.supervisor.env_file, "my.env");
    assert_string_equal(env_file_find(config_env_file(&cfg), "MAX_STALL_SEC")->value, "22");
    config_done(&cfg);
}

static void
test_config_relative_root_becomes_absolute(void **state)
{
    (void)state;
    char cwd[4096], want[5000];
    struct config cfg;
    struct err err = {0};
    assert_non_null(getcwd(cwd, sizeof cwd));
    (void)snprintf(want, sizeof want, "%s/var/run", cwd);
    struct config_options opt = {.environ_ = no_environment, .yaml_path = "/dev/null"};
    enum rc rc = config_load(&opt, &cfg, &err); /* a settings file must be a file */
    assert_int_equal(rc, RC_IO);
    opt.yaml_path = "config/stockbot.yaml.example";
    assert_int_equal(config_load(&opt, &cfg, &err), RC_OK);
    assert_string_equal(cfg.root, want);
    config_done(&cfg);
}

static void
test_config_survives_an_unreadable_environment_file(void **state)
{
    (void)state;
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    tmpdir_write(&dir, "a.env", "RUN_INTERVAL_SEC=5\nnonsense\nUW_API_KEY=\"open\n");
    static const char *const vars[] = {"ENV_FILE=a.env", NULL};
    CLEANUP(config_done) struct config cfg = load_ok(&dir, NULL, NULL, vars);
    assert_int_equal(cfg.engine.run_interval_s, 5);
    assert_int_equal(config_issues(&cfg), 2);
    assert_true(str_ends(config_issue(&cfg, 0).name, "/a.env:2"));
    assert_true(str_ends(config_issue(&cfg, 1).name, "/a.env:3"));

    static const char *const folder[] = {"ENV_FILE=.", NULL};
    CLEANUP(config_done) struct config other = load_ok(&dir, NULL, NULL, folder);
    assert_int_equal(config_issues(&other), 1);
    assert_non_null(strstr(config_issue(&other, 0).why, "is no regular file"));
}

static void
test_config_names_the_missing_secrets_in_order(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b, *c;
        size_t n;
        const char *first;
    } cases[] = {
        {"X=1",          "Y=1",          "Z=1",             3, "UW_API_KEY"   },
        {"UW_API_KEY=k", "Y=1",          "Z=1",             2, "ALPACA_KEY"   },
        {"UW_API_KEY=k", "ALPACA_KEY=k", "ALPACA_SECRET= ", 1, "ALPACA_SECRET"},
        {"UW_API_KEY=k", "ALPACA_KEY=k", "ALPACA_SECRET=s", 0, NULL           },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
        const char *vars[] = {cases[i].a, cases[i].b, cases[i].c, NULL};
        CLEANUP(config_done) struct config cfg = load_ok(&dir, NULL, NULL, vars);
        const char *names[3] = {NULL};
        assert_int_equal(config_missing_secrets(&cfg, names), cases[i].n);
        if (cases[i].n > 0) assert_string_equal(names[0], cases[i].first);
    }
}

static const char *const secret_vars[] = {"UW_API_KEY=uw-hush-1", "ALPACA_KEY=ak-hush-2",
                                          "ALPACA_SECRET=as-hush-3",
                                          "WEBHOOK_URL=https://example.org/hush-4", NULL};

static void
test_config_never_shows_a_secret(void **state)
{
    (void)state;
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(config_done) struct config cfg = load_ok(&dir, NULL, NULL, secret_vars);
    CLEANUP(text_free) struct text table = {0}, json = {0};
    config_show(&cfg, &table, false);
    config_show(&cfg, &json, true);
    assert_null(strstr(text_str(&table), "hush"));
    assert_null(strstr(text_str(&json), "hush"));
    assert_string_equal(config_text(&cfg, "ALPACA_API_SECRET"), "set");
    assert_null(config_text(&cfg, "NO_SUCH_SETTING"));
}

static void
test_config_redacts_every_secret_from_a_text(void **state)
{
    (void)state;
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(config_done) struct config cfg = load_ok(&dir, NULL, NULL, secret_vars);
    CLEANUP(text_free) struct text t = {0};
    config_redact(&cfg, &t);
    assert_string_equal(text_str(&t), "");
    text_puts(&t, "uw-hush-1as-hush-3 says ak-hush-2, uw-hush-1; https://example.org/hush-4");
    config_redact(&cfg, &t);
    assert_string_equal(text_str(&t), "****** says ***, ***; ***");
    assert_int_equal(t.len, strlen(text_str(&t)));
}

static void
test_config_show_tells_value_source_and_meaning(void **state)
{
    (void)state;
    static const char *const vars[] = {"MAX_STALL_SEC=20", NULL};
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(config_done)
    struct config cfg = load_ok(&dir, "# c\nRUN_INTERVAL_SEC: 5\n", "BACKOFF_BASE_SEC=9\n", vars);
    CLEANUP(text_free) struct text json = {0}, table = {0};
    config_show(&cfg, &json, true);
    struct err err = {0};
    CLEANUP(json_freep) struct json *doc = NULL;
    assert_int_equal(
        json_parse(text_str(&json), json.len, JSON_STRICT, &JSON_LIMITS_BODY, &doc, &err), RC_OK);

    static const struct {
        const char *name, *value, *source;
        int64_t line;
    } want[] = {
        {"RUN_INTERVAL_SEC", "5",   "yaml",        2},
        {"BACKOFF_BASE_SEC", "9",   "env_file",    1},
        {"MAX_STALL_SEC",    "20",  "environment", 0},
        {"BACKOFF_MAX_SEC",  "300", "default",     0},
    };
    size_t found = 0;
    for (const struct json *v = json_first(json_get(doc, "settings")); v != NULL;
         v = json_next(v)) {
        for (size_t i = 0; i < COUNT_OF(want); i++) {
            if (!str_eq(json_str(v, "name", ""), want[i].name)) continue;
            found++;
            assert_string_equal(json_str(v, "value", ""), want[i].value);
            assert_string_equal(json_str(v, "source", ""), want[i].source);
            assert_int_equal(json_i64(v, "line", 0), want[i].line);
            assert_true(strlen(json_str(v, "meaning", "")) > 0);
        }
    }
    assert_int_equal(found, COUNT_OF(want));

    config_show(&cfg, &table, false);
    assert_non_null(strstr(text_str(&table), "settings.yaml:2 "));
    assert_non_null(strstr(text_str(&table), "/.env:1 "));
    /* Aligned: the column of meanings is the same in every line. */
    size_t column = (size_t)(strstr(text_str(&table), "MEANING") - text_str(&table));
    const char *line = strstr(text_str(&table), "\nRUN_INTERVAL_SEC ");
    assert_non_null(line);
    assert_true(str_starts(line + 1 + column, "cycle time"));
}

/* Every line of the example that is commented out is a setting with its default, and none is
 * missing. */
static void
test_config_example_is_the_table(void **state)
{
    (void)state;
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(config_done) struct config plain = load_ok(&dir, NULL, NULL, NULL);
    struct tmpdir source = {"config"};
    CLEANUP(text_free) struct text example = tmpdir_read(&source, "stockbot.yaml.example");
    CLEANUP(text_free) struct text bare = {0};
    size_t keys = 0;
    for (char *line = example.data, *next; line != NULL; line = next) {
        next = strchr(line, '\n');
        if (next != NULL) *next++ = '\0';
        bool is_setting = line[0] == '#' && (line[1] >= 'A' && line[1] <= 'Z');
        bool is_more = str_starts(line, "#  ");
        keys += is_setting;
        if (is_setting || is_more) text_printf(&bare, "%s\n", line + 1);
    }
    CLEANUP(config_done) struct config cfg = load_ok(&dir, text_str(&bare), NULL, NULL);
    size_t rows = 0;
#define CONFIG(name, field, kind, dflt, min, max, unit, meaning)                                   \
    assert_string_equal(config_text(&cfg, #name), config_text(&plain, #name));                     \
    rows++;
#include "config/config.def"
#undef CONFIG
    assert_int_equal(keys, rows);
}

/* config may not include model: the two rules for a symbol are held together here. */
static void
test_config_knows_a_symbol_as_model_does(void **state)
{
    (void)state;
    static const char alphabet[] = "ABZ09.-@_a";
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    struct rng rng;
    uint64_t seed = 11;
    rng_init(&rng, seed);
    for (int round = 0; round < 400; round++) {
        char var[64] = "UW_ETF_TICKERS=", want[SYMBOL_MAX];
        size_t len = 1 + rng_below(&rng, 12), at = strlen(var);
        for (size_t i = 0; i < len; i++)
            var[at + i] = alphabet[rng_below(&rng, sizeof alphabet - 1)];
        const char *vars[] = {var, NULL};
        CLEANUP(config_done) struct config cfg = load_ok(&dir, NULL, NULL, vars);
        bool is_symbol = symbol_set(want, var + at);
        bool is_taken = cfg.uw.etf_tickers.len == 1 && str_eq(cfg.uw.etf_tickers.item[0], want);
        if (is_symbol != is_taken)
            fail_msg("seed %llu: \"%s\"", (unsigned long long)seed, var + at);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_without_any_source_is_the_table),
        cmocka_unit_test(test_config_shares_one_fact_between_modules),
        cmocka_unit_test(test_config_strongest_source_wins),
        cmocka_unit_test(test_config_replaces_and_reports_what_the_environment_spells_wrong),
        cmocka_unit_test(test_config_accepts_every_spelling_it_promises),
        cmocka_unit_test(test_config_own_name_is_stronger_than_the_alias),
        cmocka_unit_test(test_config_refuses_a_bad_yaml_line_and_names_it),
        cmocka_unit_test(test_config_takes_a_whole_yaml_file),
        cmocka_unit_test(test_config_empty_text_clears_a_weaker_source),
        cmocka_unit_test(test_config_finds_its_files),
        cmocka_unit_test(test_config_relative_root_becomes_absolute),
        cmocka_unit_test(test_config_survives_an_unreadable_environment_file),
        cmocka_unit_test(test_config_names_the_missing_secrets_in_order),
        cmocka_unit_test(test_config_never_shows_a_secret),
        cmocka_unit_test(test_config_redacts_every_secret_from_a_text),
        cmocka_unit_test(test_config_show_tells_value_source_and_meaning),
        cmocka_unit_test(test_config_example_is_the_table),
        cmocka_unit_test(test_config_knows_a_symbol_as_model_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
