#include "scripts/vendor.h"

#include <inttypes.h>
#include <unistd.h>

/* Room for several calls: every refusal is an event. */
#define WAIT_MIN_NS (5 * NS_PER_S)

enum rc
vendor_open(struct job *job, struct vendor **ret_vendor, struct err *err)
{
    struct vendor *v = calloc(1, sizeof *v); /* too large for the stack */
    enum rc rc = RC_OK;

    ASSERT(v != NULL);
    v->job = job;
    if (job->is_dry)
        (void)str_copy(v->why, sizeof v->why, "a dry run asks nothing");
    else
        rc = uw_desk_open(&v->desk, &job->runner, err);
    v->is_open = rc == RC_OK && !job->is_dry;
    if (rc == RC_OK)
        *ret_vendor = v;
    else
        vendor_close(&v);
    return rc;
}

void
vendor_close(struct vendor **v)
{
    if (*v == NULL) return;
    uw_desk_close(&(*v)->desk);
    free(*v);
    *v = NULL;
}

/* ---- one call ------------------------------------------------------------------------------ */

/* The next call will hardly fare better: not so for a symbol that the vendor does not know. */
static bool
is_trouble(const struct uw_answer *a)
{
    enum { NOT_FOUND = 404, UNPROCESSABLE = 422 };

    if (a->result == UW_OK || a->result == UW_ESCOPE) return false;
    return a->result != UW_EHTTP || (a->status != NOT_FOUND && a->status != UNPROCESSABLE);
}

static void
remember_why(struct vendor *v, const struct uw_answer *a)
{
    if (v->why[0] != '\0') return;
    const char *words = a->reason[0] != '\0' ? a->reason : a->message;
    if (a->status != 0)
        (void)snprintf(v->why, sizeof v->why, "%s %d %.200s", uw_result_name(a->result), a->status,
                       words);
    else
        (void)snprintf(v->why, sizeof v->why, "%s %.200s", uw_result_name(a->result), words);
    str_trim(v->why);
}

/* In the place of the progress, which stands still meanwhile. */
static void
say_waiting(const struct job *job, int64_t wait_ns)
{
    if (job->is_json || !isatty(STDERR_FILENO)) return;
    (void)fprintf(stderr, "\rthe minute is full: waiting %" PRId64 " s\033[K",
                  (wait_ns + NS_PER_S - 1) / NS_PER_S);
}

/* Waits until the minute has room again; false where it has none or the waiting was too long. */
static bool
wait_for_room(struct vendor *v, const struct uw_answer *a)
{
    int64_t wait_ns = MAX(a->wait_ns, WAIT_MIN_NS);

    if (a->result != UW_BLOCKED || a->wait_ns < 0) return false;
    if (v->waited_ns + wait_ns > VENDOR_WAIT_MAX_S * NS_PER_S) return false;
    v->waited_ns += wait_ns;
    say_waiting(v->job, wait_ns);
    clock_sleep(&v->job->runner.clock, wait_ns);
    return true;
}

const struct json *
vendor_rows(struct vendor *v, const struct uw_call *call, struct uw_answer *ret_answer)
{
    v->asked++;
    *ret_answer = (struct uw_answer){0};
    if (!v->is_open || v->troubles >= VENDOR_TROUBLES_MAX) return NULL;
    enum uw_result result = uw_http_get(&v->desk.client, call, ret_answer);
    while (result != UW_OK && wait_for_room(v, ret_answer)) {
        uw_answer_free(ret_answer);
        result = uw_http_get(&v->desk.client, call, ret_answer);
    }
    if (result == UW_OK) {
        v->troubles = 0;
        v->answered++;
        return json_get(ret_answer->body, "data");
    }
    if (is_trouble(ret_answer)) v->troubles++;
    remember_why(v, ret_answer);
    return NULL;
}

const struct json *
vendor_ask(struct vendor *v, enum uw_policy policy, const char *symbol,
           const struct uw_params *params, struct uw_answer *ret_answer)
{
    const struct uw_policy_row *row = uw_policy_row(policy);
    CLEANUP(text_free) struct text path = {0};

    uw_endpoint_path(row->endpoint, symbol != NULL ? symbol : "", &path);
    struct uw_call call = {.endpoint = text_str(&path),
                           .policy = row->name,
                           .mode = UW_CACHE_USE,
                           .scope = UW_SCOPE_INTEL,
                           .caller = v->job->spec->name};
    if (params != NULL) call.params = *params;
    return vendor_rows(v, &call, ret_answer);
}

/* ---- the end ------------------------------------------------------------------------------- */

void
vendor_say(const struct vendor *v)
{
    struct json_out *o = &v->job->summary;
    int64_t silent = v->asked - v->answered;

    json_out_obj(o, "vendor");
    json_out_i64(o, "asked", v->asked);
    json_out_i64(o, "answered", v->answered);
    json_out_f64(o, "waited_s", when_to_s_f64(v->waited_ns));
    json_out_bool(o, "is_given_up", v->troubles >= VENDOR_TROUBLES_MAX);
    json_out_str(o, "error", v->why[0] != '\0' ? v->why : NULL);
    json_out_end(o);
    if (silent > 0)
        (void)fprintf(stderr, "%s: %" PRId64 " of %" PRId64 " calls got no answer (%s)%s\n",
                      v->job->spec->name, silent, v->asked, v->why,
                      v->troubles >= VENDOR_TROUBLES_MAX ? "; the vendor was given up" : "");
}
