#include <inttypes.h>

#include "scripts/uw/cmd_uw.h"
#include "uwclient/client.h"

/* Two sentences: what happened, and what the operator can do. */
static void
refusal(const char *what, const char *remedy)
{
    (void)fprintf(stderr, "%s\n  %s\n", what, remedy);
}

static void
say_bad_path(const struct uw_refusal *f, struct text *what)
{
    text_printf(what, "refused by check 1, the path: %s", f->match_why);
    if (!spec_is_usable(&f->client->spec)) {
        text_printf(what, "; the API description %s is %s", f->spec_path,
                    spec_state_name(f->client->spec.state));
        refusal(text_str(what), "put the shipped file, or the vendor's, in its place; every call "
                                "is refused until then");
        return;
    }
    refusal(text_str(what), "`stockbot uw endpoints` shows the paths in use; all that may be asked "
                            "stand in the API description");
}

static void
say_bad_params(const struct uw_refusal *f, struct text *what)
{
    CLEANUP(text_free) struct text known = {0};
    const struct spec_op *op = f->match->op;

    text_puts(what, "refused by check 2, the parameters:");
    for (size_t i = 0; i < f->params->len; i++)
        if (spec_query_param(op, f->params->item[i].name) == NULL)
            text_printf(what, " %s is unknown", f->params->item[i].name);
    text_puts(&known, "the path takes");
    for (size_t i = 0; i < op->params_len; i++)
        if (!op->params[i].in_path)
            text_printf(&known, " %s (%s%s)", op->params[i].name, op->params[i].type,
                        op->params[i].required ? ", required" : "");
    refusal(text_str(what), text_str(&known));
}

static void
say_out_of_scope(const struct uw_refusal *f, struct text *what)
{
    text_printf(what, "refused by check 3, the symbol: not in the scope %s of",
                uw_scope_name(f->scope));
    for (size_t i = 0; i < f->match->values_len; i++)
        text_printf(what, " %s", f->match->values[i].value);
    for (size_t i = 0; i < f->params->len; i++)
        if (f->params->item[i].kind == UW_PARAM_STR &&
            (str_eq(f->params->item[i].name, "ticker_symbol") ||
             str_eq(f->params->item[i].name, "ticker") ||
             str_eq(f->params->item[i].name, "symbol")))
            text_printf(what, " %s", f->params->item[i].as.str);
    refusal(text_str(what), f->scope == UW_SCOPE_FLOW_DAEMON
                                ? "add it to TICKERS, or build a universe that holds it"
                                : "build a universe that holds it, or use --scope flow_daemon");
}

static void
say_blocked(const struct uw_refusal *f, struct text *what)
{
    CLEANUP(text_free) struct text remedy = {0};
    const struct uw_answer *a = f->answer;
    struct usage_view v = usage_view(&f->client->usage);
    int64_t now_ns = clock_now(&f->r->clock);

    if (str_eq(a->reason, "server_backoff")) {
        text_printf(what, "refused by check 7, a pause that the server asked for (%s)",
                    usage_pause_name(v.pause));
        text_puts(&remedy, "wait until ");
        uw_say_time(f->r->ny, v.pause_until_ns != WHEN_NONE ? v.pause_until_ns : now_ns, now_ns,
                    &remedy);
        if (v.pause == PAUSE_AUTH) text_puts(&remedy, ", and check UW_API_KEY");
    } else if (str_eq(a->reason, "daily_cap")) {
        text_puts(what, "refused by check 8, the day's budget: ");
        uw_say_spent(&v, what);
        uw_say_forecast(f->r->ny, &v, now_ns, &remedy);
        text_puts(&remedy, "; UW_DAILY_LIMIT and UW_SAFETY_BUFFER set it");
    } else if (str_eq(a->reason, "per_minute_cap")) {
        text_printf(what, "refused by check 9, %" PRId64 " calls in 60 s",
                    f->r->cfg.uw.rate_limit_per_min);
        text_printf(&remedy, "try again in %" PRId64 " s", MAX(a->wait_ns, 0) / NS_PER_S + 1);
    } else if (str_eq(a->reason, "endpoint_cap")) {
        text_printf(what, "refused by check 10, the daily cap of %s", f->policy);
        text_puts(&remedy, "another --policy of the path may have calls left");
    } else {
        text_printf(what, "refused by the budget: %s", a->reason);
        text_puts(&remedy, "mock calls need a root of their own");
    }
    refusal(text_str(what), text_str(&remedy));
}

/* What the server said, for people; bodies of errors are JSON or a word. */
static void
add_message(const struct uw_answer *a, struct text *to)
{
    CLEANUP(json_freep) struct json *doc = NULL;
    struct err ignored = {0};

    if (a->message[0] != '\0') {
        text_printf(to, ": %s", a->message);
        return;
    }
    if (json_parse(text_str(&a->raw), a->raw.len, JSON_LOG, &JSON_LIMITS_BODY, &doc, &ignored) !=
        RC_OK)
        return;
    const char *words = json_str(doc, "message", json_str(doc, "msg", json_str(doc, "error", "")));
    if (words[0] != '\0') text_printf(to, ": %.200s", words);
}

static const char *
remedy_for(int status)
{
    switch (status) {
    case 401:
    case 403:
        return "check UW_API_KEY; all programs pause for 15 minutes";
    case 404:
        return "the server does not know this path or symbol";
    case 422:
        return "the server does not take these parameters";
    case 429:
        return "all programs keep the pause; `stockbot uw budget` shows it";
    default:
        return "the server's trouble: try again later";
    }
}

void
uw_say_refusal(const struct uw_refusal *f)
{
    CLEANUP(text_free) struct text what = {0};
    const struct uw_answer *a = f->answer;

    switch (a->result) {
    case UW_OK:
        return;
    case UW_EINVAL_ENDPOINT:
        say_bad_path(f, &what);
        return;
    case UW_EINVAL_PARAM:
        say_bad_params(f, &what);
        return;
    case UW_ESCOPE:
        say_out_of_scope(f, &what);
        return;
    case UW_ENOKEY:
        refusal("refused by check 6: there is no API key",
                "set UW_API_KEY in the environment file; `stockbot config show` says which");
        return;
    case UW_BLOCKED:
        say_blocked(f, &what);
        return;
    case UW_EHTTP:
        text_printf(&what, "the server answered %d", a->status);
        add_message(a, &what);
        refusal(text_str(&what), remedy_for(a->status));
        return;
    case UW_ETRANSPORT:
        text_printf(&what, "no answer after %d attempts", a->attempts);
        add_message(a, &what);
        refusal(text_str(&what), "check the network and UW_BASE_URL");
        return;
    case UW_ESCHEMA:
        refusal("the server answered 200, and not with a JSON object",
                "something between us and the server answers in its place, or it is in trouble");
        return;
    }
}
