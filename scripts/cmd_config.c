#include "base/json.h"
#include "scripts/args.h"
#include "scripts/command.h"
#include "strategy/arm.h"

static const char HELP[] =
    "usage: stockbot config show [NAME] [--json] [--root DIR] [--config FILE] [--help]\n"
    "       stockbot config check [--json] [--root DIR] [--config FILE]\n"
    "\n"
    "show   every setting: value, unit, where it comes from, what it means; secrets only as set or "
    "unset\n"
    "check  reads everything as a program would at its start and says what is wrong with it,\n"
    "       and whether it would enter positions, and with whose money\n"
    "\n"
    "Sources, strongest first: environment, environment file, YAML file, default.\n"
    "Exit codes: 0 usable, 1 usable but with values that were passed over, 2 wrong usage, 78 "
    "unusable.\n";

static int
show(const struct config *cfg, const char *name, bool json)
{
    CLEANUP(text_free) struct text t = {0};

    if (name == NULL) {
        config_show(cfg, &t, json);
        (void)fputs(text_str(&t), stdout);
        return EXIT_DONE;
    }
    const char *value = config_text(cfg, name);
    if (value == NULL) {
        (void)fprintf(stderr, "stockbot: config: there is no setting %s, or it is a secret\n",
                      name);
        return EXIT_FAILED;
    }
    (void)printf("%s\n", value);
    return EXIT_DONE;
}

/* Whose money this configuration would trade with, if any; NULL: there will be entries. */
static const char *
why_no_entries(const struct arm_verdict *v)
{
    static const char *const WHY_NOT[] = {
        [ARM_UNKNOWN_MODE] = "TRADING_MODE is neither PAPER nor LIVE",
        [ARM_LIVE_ON_PAPER_URL] = "TRADING_MODE is LIVE, and ALPACA_BASE_URL is no live host",
        [ARM_PAPER_ON_LIVE_URL] = "TRADING_MODE is PAPER, and ALPACA_BASE_URL is the live host",
        [ARM_UNKNOWN_URL] = "ALPACA_BASE_URL is neither a host of the broker nor this machine",
        [ARM_NO_LIVE_ACK] = "LIVE_TRADING_ACK is not YES_I_UNDERSTAND",
    };

    return v->state == ARMED ? NULL : WHY_NOT[v->state];
}

static void
say_arming(const struct broker_config *cfg)
{
    struct arm_verdict v = arm_check(cfg);
    const char *why_not = why_no_entries(&v);

    if (why_not != NULL)
        (void)printf("no entries: %s\n", why_not);
    else
        (void)printf("entries: %s at %s\n", v.mode == MODE_LIVE ? "real money" : "paper",
                     cfg->base_url);
}

static void
check_json(const struct config *cfg, const char *const *missing, size_t missing_len)
{
    CLEANUP(text_free) struct text line = {0};
    struct json_out o = {.to = &line};
    struct arm_verdict v = arm_check(&cfg->broker);

    json_out_obj(&o, NULL);
    json_out_str(&o, "root", cfg->root);
    json_out_arr(&o, "passed_over");
    for (size_t i = 0; i < config_issues(cfg); i++) {
        struct config_issue issue = config_issue(cfg, i);

        json_out_obj(&o, NULL);
        json_out_str(&o, "name", issue.name);
        json_out_str(&o, "why", issue.why);
        json_out_str(&o, "used", issue.used[0] != '\0' ? issue.used : NULL);
        json_out_end(&o);
    }
    json_out_end(&o);
    json_out_arr(&o, "missing_secrets");
    for (size_t i = 0; i < missing_len; i++)
        json_out_str(&o, NULL, missing[i]);
    json_out_end(&o);
    json_out_str(&o, "entries", v.state != ARMED ? NULL : v.mode == MODE_LIVE ? "live" : "paper");
    json_out_str(&o, "why_no_entries", why_no_entries(&v));
    json_out_end(&o);
    (void)printf("%s\n", text_str(&line));
}

static void
check_text(const struct config *cfg, const char *const *missing, size_t missing_len)
{
    for (size_t i = 0; i < config_issues(cfg); i++) {
        struct config_issue issue = config_issue(cfg, i);

        (void)printf("passed over: %s: %s", issue.name, issue.why);
        if (issue.used[0] != '\0') (void)printf("; \"%s\" stands instead", issue.used);
        (void)putchar('\n');
    }
    for (size_t i = 0; i < missing_len; i++)
        (void)printf("missing secret: %s\n", missing[i]);
    say_arming(&cfg->broker);
    if (config_issues(cfg) == 0 && missing_len == 0)
        (void)printf("configuration of %s is complete\n", cfg->root);
}

static int
check(const struct config *cfg, bool is_json)
{
    const char *missing[3];
    size_t n = config_missing_secrets(cfg, missing);

    if (is_json)
        check_json(cfg, missing, n);
    else
        check_text(cfg, missing, n);
    return config_issues(cfg) == 0 ? EXIT_DONE : EXIT_FAILED;
}

int
cmd_config(int argc, char **argv)
{
    static const struct option OPTIONS[] = {
        COMMON_OPTIONS, {NULL, 0, NULL, 0}
    };
    struct common_args args = {0};
    struct config cfg;
    int option;

    while ((option = getopt_long(argc, argv, ":", OPTIONS, NULL)) != -1)
        if (!common_args_take(&args, option)) return args_refused("config", argv, option);
    const char *what = optind < argc ? argv[optind] : "";
    bool is_show = str_eq(what, "show");
    bool is_wrong = (!is_show && !str_eq(what, "check")) || argc - optind > (is_show ? 2 : 1);
    if (args.help || is_wrong) {
        (void)fputs(HELP, args.help ? stdout : stderr);
        return args.help ? EXIT_DONE : EXIT_USAGE;
    }
    int status = common_args_config(&args, &cfg);
    if (status != EXIT_DONE) return status;
    status = is_show ? show(&cfg, optind + 1 < argc ? argv[optind + 1] : NULL, args.json)
                     : check(&cfg, args.json);
    config_done(&cfg);
    return status;
}
