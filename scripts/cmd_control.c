/*
 * `stockbot halt`, `resume`, `freeze`, `unfreeze`: the operator's word to the engine, in
 * state/operator_control.json.  Nothing is asked of the engine: it reads the file in each cycle.
 */
#include <pwd.h>
#include <unistd.h>

#include "model/symbol.h"
#include "scripts/command.h"
#include "scripts/runner.h"
#include "scripts/view.h"
#include "strategy/control.h"
#include "strategy/risk.h"

#define CONTROL_LOCK "state/operator_control.lock"
#define LOCK_WAIT_MS 5000

enum { OPT_EXITS_ONLY = 1, OPT_FLAT, OPT_REASON, OPT_WHO };

static const char HELP[] =
    "usage: stockbot halt [--exits-only | --flat] --reason TEXT [--who NAME]\n"
    "       stockbot resume [--reason TEXT] [--who NAME]\n"
    "       stockbot freeze SYMBOL --reason TEXT [--who NAME]\n"
    "       stockbot unfreeze SYMBOL [--reason TEXT] [--who NAME]\n"
    "\n"
    "The engine obeys within one cycle, and after any restart, until the order is taken back.\n"
    "\n"
    "  halt            nothing is opened and nothing is closed, stop losses included; the broker\n"
    "                  is still asked and everything is recorded\n"
    "  halt --exits-only\n"
    "                  no entries; positions are watched and closed by their rules\n"
    "  halt --flat     as --exits-only, and every position is closed at the market, now or at the\n"
    "                  next open; parts of a share stay\n"
    "  resume          takes the halt back; limits of the account and frozen symbols stay\n"
    "  freeze SYMBOL   no entry in the symbol; its position is watched and closed by the rules\n"
    "\n"
    "In each case working entry orders of what is stopped are withdrawn.\n"
    "\n"
    "  --reason TEXT   why; written to the events, the heartbeat and each cycle's record\n"
    "  --who NAME      who; default: the name of the user\n"
    "  --root DIR, --config FILE, --json, --help\n"
    "\n"
    "Exit codes: 0 ordered; 1 it could not be written; 2 wrong usage; 78 the configuration cannot\n"
    "be used.\n";

enum verb { VERB_HALT, VERB_RESUME, VERB_FREEZE, VERB_UNFREEZE };

static const char *const VERBS[] = {"halt", "resume", "freeze", "unfreeze"};
static const char *const NAMES[] = {"stockbot halt", "stockbot resume", "stockbot freeze",
                                    "stockbot unfreeze"};

struct order_in {
    enum verb verb;
    struct common_args common;
    enum control_level level;
    const char *reason, *who, *symbol;
};

static int
wrong(const struct order_in *in, const char *what)
{
    (void)fprintf(stderr, "stockbot %s: %s\n", VERBS[in->verb], what);
    return EXIT_USAGE;
}

/* The person behind sudo, where there is one. */
static const char *
name_of_user(char buf[CONTROL_WHO_MAX])
{
    const char *sudo = getenv("SUDO_USER");
    const struct passwd *pw = getpwuid(getuid());

    if (sudo != NULL && sudo[0] != '\0' && str_copy(buf, CONTROL_WHO_MAX, sudo)) return buf;
    if (pw == NULL || !str_copy(buf, CONTROL_WHO_MAX, pw->pw_name))
        (void)snprintf(buf, CONTROL_WHO_MAX, "uid %u", (unsigned)getuid());
    return buf;
}

static int
take_level(struct order_in *in, enum control_level level)
{
    if (in->level != CONTROL_ALL) return wrong(in, "--exits-only and --flat exclude each other");
    in->level = level;
    return EXIT_DONE;
}

/* 0, or the exit code; *ret_done: --help was given. */
static int
parse(int argc, char **argv, struct order_in *in)
{
    static const struct option OPTIONS[] = {
        {"exits-only", no_argument,       NULL, OPT_EXITS_ONLY},
        {"flat",       no_argument,       NULL, OPT_FLAT      },
        COMMON_OPTIONS, /* from here on those of every verb */
        {"reason",     required_argument, NULL, OPT_REASON    },
        {"who",        required_argument, NULL, OPT_WHO       },
        {NULL,         0,                 NULL, 0             }
    };
    const struct option *options = in->verb == VERB_HALT ? OPTIONS : OPTIONS + 2;
    int option, status = EXIT_DONE;

    while (status == EXIT_DONE && (option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        if (option == OPT_EXITS_ONLY)
            status = take_level(in, CONTROL_EXITS_ONLY);
        else if (option == OPT_FLAT)
            status = take_level(in, CONTROL_FLAT);
        else if (option == OPT_REASON)
            in->reason = optarg;
        else if (option == OPT_WHO)
            in->who = optarg;
        else if (!common_args_take(&in->common, option))
            return args_refused(VERBS[in->verb], argv, option);
    }
    if (status != EXIT_DONE || in->common.help) return status;
    bool wants_symbol = in->verb == VERB_FREEZE || in->verb == VERB_UNFREEZE;
    if (argc - optind != (wants_symbol ? 1 : 0))
        return wrong(in, wants_symbol ? "wants one SYMBOL; --help tells more"
                                      : "takes no argument; --help tells more");
    if (wants_symbol) in->symbol = argv[optind];
    if (in->reason == NULL && (in->verb == VERB_HALT || in->verb == VERB_FREEZE))
        return wrong(in, "wants --reason TEXT");
    if (in->reason == NULL) in->reason = "none given";
    return EXIT_DONE;
}

/* ---- the order ----------------------------------------------------------------------------- */

static enum rc
apply(const struct order_in *in, const struct control_word *word, struct control *c,
      bool *ret_changed, struct err *err)
{
    *ret_changed = true;
    switch (in->verb) {
    case VERB_HALT:
        c->level = in->level;
        c->word = *word;
        return RC_OK;
    case VERB_RESUME:
        *ret_changed = c->level != CONTROL_NONE;
        c->level = CONTROL_NONE;
        c->word = (struct control_word){.at_ns = WHEN_NONE};
        return RC_OK;
    case VERB_FREEZE:
        return control_freeze(c, in->symbol, word, err);
    case VERB_UNFREEZE:
        *ret_changed = control_unfreeze(c, in->symbol);
        return RC_OK;
    }
    return RC_OK;
}

static void
say_event(const struct runner *r, const struct order_in *in, const struct control_word *word)
{
    static const enum event_id EVENT_OF[] = {EV_OPERATOR_HALT, EV_OPERATOR_RESUME,
                                             EV_OPERATOR_FREEZE, EV_OPERATOR_UNFREEZE};
    char symbol[SYMBOL_MAX] = "";

    if (in->symbol != NULL) (void)symbol_set(symbol, in->symbol);
    log_event(r->log, EVENT_OF[in->verb], F_SYMBOL(in->symbol != NULL ? symbol : NULL),
              F_STR("level", in->verb == VERB_HALT ? control_level_name(in->level) : NULL),
              F_STR("reason", word->reason), F_STR("who", word->who));
}

/* Reads, changes and writes the file; the caller holds its lock. */
static enum rc
change(struct runner *r, const struct order_in *in, const struct control_word *word,
       struct control *ret_control, bool *ret_changed, struct err *err)
{
    const struct store_spec spec = {.path = CONTROL_PATH, .default_json = CONTROL_DAMAGED_JSON};
    CLEANUP(text_free) struct text json = {0};
    enum store_origin origin = STORE_FILE;
    CLEANUP(json_freep) struct json *doc = store_load(&r->store, &spec, &origin);

    control_decode(origin == STORE_MISSING ? NULL : doc, ret_control);
    enum rc rc = apply(in, word, ret_control, ret_changed, err);
    if (rc != RC_OK || !*ret_changed) return rc;
    control_encode(ret_control, &json);
    rc = store_save(&r->store, &spec, &json, err);
    if (rc != RC_OK) return err_wrap(err, "the order was not written");
    say_event(r, in, word);
    return RC_OK;
}

/* ---- the answer ---------------------------------------------------------------------------- */

/* Freezes of the account's limits, which a resume does not lift. */
static void
print_freezes(const struct runner *r)
{
    CLEANUP(json_freep) struct json *doc = view_load(&r->fs, "state/governor_freezes.json");
    struct arena a = {0};
    struct freezes list = {0};
    struct err ignored = {0};
    struct date today = zone_date(r->ny, clock_now(&r->clock));

    if (doc != NULL && freezes_decode(doc, r->ny, &a, &list, &ignored) == RC_OK)
        for (size_t i = 0; i < list.len; i++)
            if (freeze_in_force(&list.freeze[i], today))
                (void)printf("entries stay off: %s in state/governor_freezes.json\n",
                             list.freeze[i].key);
    arena_done(&a);
}

static void
print_done(const struct runner *r, const struct order_in *in, const struct control *c,
           bool was_changed)
{
    static const char *const MEANING[] = {
        [CONTROL_NONE] = "",
        [CONTROL_EXITS_ONLY] = "no entries; positions are closed by their rules",
        [CONTROL_FLAT] = "no entries; every position is closed at the market",
        [CONTROL_ALL] = "nothing is opened and nothing is closed, stop losses included",
    };
    int64_t pid = view_lock_pid(&r->fs, "state/engine.lock");
    char symbol[SYMBOL_MAX] = "";

    if (in->symbol != NULL) (void)symbol_set(symbol, in->symbol);
    if (in->verb == VERB_HALT)
        (void)printf("halted (%s): %s\n", control_level_name(c->level), MEANING[c->level]);
    else if (in->verb == VERB_RESUME)
        (void)printf("%s\n", was_changed ? "resumed" : "there was no halt");
    else if (in->verb == VERB_FREEZE)
        (void)printf("frozen: no entry in %s\n", symbol);
    else
        (void)printf("%s %s\n", symbol, was_changed ? "may be entered again" : "was not frozen");
    if (in->verb != VERB_HALT && c->level != CONTROL_NONE)
        (void)printf("a halt stands: %s, by %s: %s\n", control_level_name(c->level), c->word.who,
                     c->word.reason);
    if (in->verb == VERB_RESUME) print_freezes(r);
    for (size_t i = 0; in->verb != VERB_HALT && i < c->frozen_len; i++)
        (void)printf("frozen is %s, by %s: %s\n", c->frozen[i].symbol, c->frozen[i].word.who,
                     c->frozen[i].word.reason);
    if (!was_changed) return;
    if (pid > 0)
        (void)printf("the engine (pid %lld) obeys within one cycle, %lld s\n", (long long)pid,
                     (long long)r->cfg.engine.run_interval_s);
    else
        (void)printf("no engine runs on this root; the next one obeys from its first cycle\n");
}

static int
order(const struct order_in *in)
{
    struct runner r;
    struct lock lock = LOCK_NONE;
    struct control control;
    struct control_word word;
    char user[CONTROL_WHO_MAX];
    bool was_changed = false;
    struct err err = {0};
    int status = runner_open(&r, NAMES[in->verb], &in->common, RUNNER_READS); /* a root that is not
                                                                               there is not made */
    if (status == EXIT_DONE) {
        runner_done(&r);
        status = runner_open(&r, NAMES[in->verb], &in->common, RUNNER_WRITES);
    }
    if (status != EXIT_DONE) return status;
    const char *who = in->who != NULL ? in->who : name_of_user(user);
    enum rc rc = control_word_set(in->reason, who, clock_now(&r.clock), &word, &err);
    if (rc == RC_OK) rc = r.locks.acquire(r.locks.self, CONTROL_LOCK, LOCK_WAIT_MS, &lock, &err);
    if (rc == RC_OK) {
        rc = change(&r, in, &word, &control, &was_changed, &err);
        r.locks.release(r.locks.self, &lock);
    }
    if (rc != RC_OK) {
        status = runner_fail(&r, &err, rc == RC_RANGE ? EXIT_USAGE : EXIT_FAILED);
    } else if (in->common.json) {
        CLEANUP(text_free) struct text json = {0};
        control_encode(&control, &json);
        (void)printf("%s\n", text_str(&json));
    } else {
        print_done(&r, in, &control, was_changed);
    }
    runner_done(&r);
    return status;
}

static int
command(enum verb verb, int argc, char **argv)
{
    struct order_in in = {.verb = verb, .level = CONTROL_ALL};
    int status = parse(argc, argv, &in);

    if (status != EXIT_DONE) return status;
    if (in.common.help) {
        (void)fputs(HELP, stdout);
        return EXIT_DONE;
    }
    return order(&in);
}

int
cmd_halt(int argc, char **argv)
{
    return command(VERB_HALT, argc, argv);
}

int
cmd_resume(int argc, char **argv)
{
    return command(VERB_RESUME, argc, argv);
}

int
cmd_freeze(int argc, char **argv)
{
    return command(VERB_FREEZE, argc, argv);
}

int
cmd_unfreeze(int argc, char **argv)
{
    return command(VERB_UNFREEZE, argc, argv);
}
