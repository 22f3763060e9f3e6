#include "scripts/uw/cmd_uw.h"

#include <inttypes.h>

#include "scripts/command.h"
#include "scripts/uw/uw_desk.h"

#define CALLER "operator"

static const char HELP[] =
    "usage: stockbot uw get PATH [NAME=VALUE ...] [options]\n"
    "\n"
    "Asks the API as the programs do: the path, every parameter and the symbol must be allowed,\n"
    "and the call counts against the same budget. The answer goes to standard output, what it\n"
    "cost, or which check refused it and what to do, to standard error.\n"
    "\n"
    "  --fresh          do not take the answer that is kept from an earlier call\n"
    "  --scope NAME     flow_daemon (default): TICKERS and both universes; intel: the universes,\n"
    "                   as the intelligence runners may ask\n"
    "  --policy NAME    whose kept answers and daily cap count (default: the first that\n"
    "                   `stockbot uw endpoints` shows for the path; a path without one counts in\n"
    "                   the day only, and its answer is not kept)\n"
    "  --json           one line: result, budget before and after, body\n"
    "  --root DIR, --config FILE, --help\n"
    "\n"
    "Exit codes: 0 answered; 1 refused or failed; 2 wrong usage; 78 the configuration cannot be\n"
    "used.\n";

struct invocation {
    struct common_args common;
    const char *path, *policy;
    bool is_fresh;
    enum uw_scope scope;
    char **pairs; /* NAME=VALUE, split in place */
    int pairs_len;
};

/* Everything of one call. */
struct desk {
    struct runner r;
    struct uw_desk uw;
    struct match match; /* of the path; op is NULL where it is refused */
    struct err match_err;
    struct uw_params params;
    const char *policy;
    char names[UW_PARAMS_MAX][64];
};

/* ---- arguments ----------------------------------------------------------------------------- */

static int
wrong(const char *what, const char *why)
{
    (void)fprintf(stderr, "stockbot uw get: %s: %s\n", what, why);
    return EXIT_USAGE;
}

static bool
scope_from(const char *name, enum uw_scope *ret_scope)
{
    for (enum uw_scope s = UW_SCOPE_INTEL; s <= UW_SCOPE_FLOW_DAEMON; s++) {
        if (!str_eq(uw_scope_name(s), name)) continue;
        *ret_scope = s;
        return true;
    }
    return false;
}

/* -1: go on; otherwise the exit code. */
static int
parse(int argc, char **argv, struct invocation *in)
{
    enum { OPT_FRESH = 2000, OPT_SCOPE, OPT_POLICY };
    static const struct option OPTIONS[] = {
        COMMON_OPTIONS,
        {"fresh",  no_argument,       NULL, OPT_FRESH },
        {"scope",  required_argument, NULL, OPT_SCOPE },
        {"policy", required_argument, NULL, OPT_POLICY},
        {NULL,     0,                 NULL, 0         },
    };
    int option;

    in->scope = UW_SCOPE_FLOW_DAEMON;
    while ((option = getopt_long(argc, argv, ":", OPTIONS, NULL)) != -1) {
        if (option == OPT_FRESH) {
            in->is_fresh = true;
        } else if (option == OPT_SCOPE) {
            if (!scope_from(optarg, &in->scope)) return wrong(optarg, "there is no such scope");
        } else if (option == OPT_POLICY) {
            in->policy = optarg;
            if (uw_policy_find(optarg) == NULL) return wrong(optarg, "there is no such policy");
        } else if (!common_args_take(&in->common, option)) {
            return args_refused("uw get", argv, option);
        }
    }
    if (in->common.help || optind == argc) {
        (void)fputs(HELP, in->common.help ? stdout : stderr);
        return in->common.help ? EXIT_DONE : EXIT_USAGE;
    }
    in->path = argv[optind];
    in->pairs = argv + optind + 1;
    in->pairs_len = argc - optind - 1;
    if (in->pairs_len > UW_PARAMS_MAX) return wrong(in->path, "too many parameters");
    return -1;
}

/* The description's parameter of that name; a list may be named without its brackets. */
static const struct spec_param *
param_of(const struct spec_op *op, const char *name, char list_name[64])
{
    const struct spec_param *p = op != NULL ? spec_query_param(op, name) : NULL;

    if (p != NULL || op == NULL) return p;
    (void)snprintf(list_name, 64, "%s[]", name);
    return spec_query_param(op, list_name);
}

/*
 * One NAME=VALUE by the type that the description gives; names it does not know go on as text, for
 * the client to refuse.
 */
static int
take_pair(struct desk *d, char *pair)
{
    char *value = strchr(pair, '=');
    char *name = d->names[d->params.len];
    bool truth = false;
    int64_t number = 0;

    if (value == NULL || value == pair) return wrong(pair, "NAME=VALUE is wanted");
    *value++ = '\0';
    for (size_t i = 0; i < d->params.len; i++)
        if (str_eq(d->params.item[i].name, pair)) return wrong(pair, "is given twice");
    const struct spec_param *p = param_of(d->match.op, pair, name);
    const char *type = p != NULL ? p->type : "any";
    const char *known = p != NULL ? p->name : pair;
    if (str_eq(type, "integer")) {
        if (!str_to_i64(value, &number)) return wrong(pair, "a whole number is wanted");
        uw_params_add(&d->params, UW_I64(known, number));
    } else if (str_eq(type, "boolean")) {
        if (!str_to_bool(value, &truth)) return wrong(pair, "true or false is wanted");
        uw_params_add(&d->params, UW_BOOL(known, truth));
    } else if (str_starts(type, "array")) {
        uw_params_add(&d->params, UW_LIST(known, value));
    } else {
        uw_params_add(&d->params, UW_STR(known, value));
    }
    return EXIT_DONE;
}

/* The first policy of the path; those of the runners stand before those of the daemon. */
static const char *
policy_of(const char *path)
{
    for (size_t i = 0; i < UW_POLICIES_LEN; i++) {
        const struct uw_policy_row *p = uw_policy_row((enum uw_policy)i);
        if (str_eq(uw_endpoint_row(p->endpoint)->path, path)) return p->name;
    }
    return NULL;
}

static int
prepare(struct desk *d, const struct invocation *in)
{
    const struct uw_client *c = &d->uw.client;

    if (match_path(&c->spec, c->base_url, in->path, &d->match, &d->match_err) != RC_OK)
        d->match.op = NULL;
    d->policy = in->policy;
    if (d->policy == NULL && d->match.op != NULL) d->policy = policy_of(d->match.op->path);
    for (int i = 0; i < in->pairs_len; i++) {
        int status = take_pair(d, in->pairs[i]);
        if (status != EXIT_DONE) return status;
    }
    return EXIT_DONE;
}

/* ---- the answer ---------------------------------------------------------------------------- */

static void
write_view(struct json_out *o, const char *key, const struct usage_view *v)
{
    json_out_obj(o, key);
    json_out_i64(o, "calls_today", v->calls_today);
    json_out_i64(o, "cap", v->cap);
    json_out_time(o, "exhausted_at", v->exhausted_at_ns);
    json_out_end(o);
}

static void
print_json(const struct uw_answer *a, const struct usage_view *before,
           const struct usage_view *after)
{
    CLEANUP(text_free) struct text t = {0};
    struct json_out o = {.to = &t};

    json_out_obj(&o, NULL);
    json_out_str(&o, "result", uw_result_name(a->result));
    json_out_i64(&o, "status", a->status);
    json_out_str(&o, "reason", a->reason[0] != '\0' ? a->reason : NULL);
    json_out_bool(&o, "cache_hit", a->is_cache_hit);
    json_out_bool(&o, "mock", a->is_mock);
    json_out_i64(&o, "attempts", a->attempts);
    json_out_i64(&o, "latency_ms", a->latency_ms);
    json_out_obj(&o, "budget");
    write_view(&o, "before", before);
    write_view(&o, "after", after);
    json_out_end(&o);
    if (a->body != NULL)
        json_out_value(&o, "body", a->body);
    else
        json_out_null(&o, "body");
    json_out_end(&o);
    (void)printf("%s\n", text_str(&t));
}

static void
print_budget(const struct desk *d, const char *when, const struct usage_view *v)
{
    CLEANUP(text_free) struct text t = {0};

    uw_say_spent(v, &t);
    text_puts(&t, ", ");
    uw_say_forecast(d->r.ny, v, clock_now(&d->r.clock), &t);
    (void)fprintf(stderr, "budget %s: %s\n", when, text_str(&t));
}

static void
print_answer(const struct uw_answer *a)
{
    CLEANUP(text_free) struct text t = {0};

    if (a->is_mock)
        (void)fprintf(stderr, "a mock answer: UW_MOCK is on\n");
    else if (a->is_cache_hit)
        (void)fprintf(stderr, "a kept answer, no call was made; --fresh asks anew\n");
    else
        (void)fprintf(stderr, "answered in %" PRId64 " ms, %d attempt%s\n", a->latency_ms,
                      a->attempts, a->attempts == 1 ? "" : "s");
    json_pretty(&t, a->body, JSON_AS_WRITTEN);
    (void)printf("%s\n", text_str(&t));
}

static int
ask(struct desk *d, const struct invocation *in)
{
    CLEANUP(uw_answer_free) struct uw_answer answer = {0};
    struct usage_view before = usage_view(&d->uw.client.usage);
    const struct uw_call call = {
        .endpoint = in->path,
        .params = d->params,
        .policy = d->policy,
        .mode = in->is_fresh ? UW_CACHE_REFRESH : UW_CACHE_USE,
        .scope = in->scope,
        .caller = CALLER,
    };
    enum uw_result result = uw_http_get(&d->uw.client, &call, &answer);
    struct usage_view after = usage_view(&d->uw.client.usage);

    print_budget(d, "before", &before);
    if (in->common.json)
        print_json(&answer, &before, &after);
    else if (result == UW_OK)
        print_answer(&answer);
    const struct uw_refusal why = {
        .r = &d->r,
        .client = &d->uw.client,
        .spec_path = text_str(&d->uw.spec_path),
        .match = &d->match,
        .match_why = d->match_err.text,
        .params = &d->params,
        .policy = d->policy,
        .scope = in->scope,
        .answer = &answer,
    };
    uw_say_refusal(&why);
    print_budget(d, "after", &after);
    return result == UW_OK ? EXIT_DONE : EXIT_FAILED;
}

int
uw_get_main(int argc, char **argv)
{
    struct invocation in = {0};
    struct err err = {0};
    int status = parse(argc, argv, &in);

    if (status >= 0) return status;
    struct desk *d = calloc(1, sizeof *d); /* too large for the stack */
    ASSERT(d != NULL);
    status = runner_open(&d->r, "stockbot uw get", &in.common, RUNNER_WRITES);
    if (status == EXIT_DONE) {
        enum rc rc = uw_desk_open(&d->uw, &d->r, &err);
        if (rc != RC_OK)
            status = runner_fail(&d->r, &err, rc == RC_DENIED ? EXIT_CONFIG_UNUSABLE : EXIT_FAILED);
        if (status == EXIT_DONE) status = prepare(d, &in);
        if (status == EXIT_DONE) status = ask(d, &in);
        uw_desk_close(&d->uw);
        runner_done(&d->r);
    }
    free(d);
    return status;
}
