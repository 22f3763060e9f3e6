#include "engine/context.h"

#include <math.h>

const char *
components_text(const struct scored *s, struct arena *a)
{
    CLEANUP(text_free) struct text t = {0};
    struct json_out o = {.to = &t};

    json_out_obj(&o, NULL);
    for (size_t i = 0; i < COMPONENTS_LEN; i++)
        json_out_f64(&o, COMPONENTS[i].name, round_dec(s->composite.component[i], 3));
    json_out_f64(&o, "freshness_factor", round_dec(s->composite.freshness, 3));
    json_out_end(&o);
    return arena_strndup(a, text_str(&t), t.len);
}

static void
entry_context_text(const struct entry_context *c, bool with_components, struct text *t)
{
    struct json_out o = {.to = t};

    json_out_obj(&o, NULL);
    json_out_f64(&o, "score", c->score);
    json_out_str(&o, "direction", direction_name(c->direction));
    json_out_str(&o, "regime", c->market_regime);
    json_out_f64(&o, "regime_modifier", c->regime_modifier);
    json_out_str(&o, "ignition", c->ignition);
    json_out_str(&o, "correlation_id", c->correlation_id);
    json_out_usd(&o, "equity", c->equity);
    json_out_usd(&o, "ref", c->ref);
    if (with_components) json_out_raw(&o, "components", c->components, strlen(c->components));
    json_out_end(&o);
}

void
entry_context_write(const struct entry_context *c, char *buf, size_t size)
{
    CLEANUP(text_free) struct text full = {0};
    CLEANUP(text_free) struct text brief = {0};

    entry_context_text(c, true, &full);
    if (str_copy(buf, size, text_str(&full))) return;
    entry_context_text(c, false, &brief);
    bool fits = str_copy(buf, size, text_str(&brief));
    ASSERT(fits);
}

void
exit_context_write(const struct exit_context *c, char *buf, size_t size)
{
    CLEANUP(text_free) struct text t = {0};
    struct json_out o = {.to = &t};

    json_out_obj(&o, NULL);
    json_out_str(&o, "label", c->label);
    json_out_f64(&o, "entry_score", c->entry_score);
    json_out_time(&o, "entry_ts", c->entered_ns);
    json_out_i64(&o, "held_qty", c->held_qty);
    json_out_usd(&o, "held_cost", c->held_cost);
    json_out_i64(&o, "target", c->target);
    json_out_f64(&o, "decay", c->decay);
    json_out_end(&o);
    bool fits = str_copy(buf, size, text_str(&t));
    ASSERT(fits);
}

static struct json *
context_parse(const char *json)
{
    struct json *doc = NULL;
    struct err ignored = {0};

    /* An intent without a context is one of an older program or from outside: everything is empty
     * then. */
    if (json_parse(json, strlen(json), JSON_STRICT, &JSON_LIMITS_BODY, &doc, &ignored) != RC_OK)
        return NULL;
    return doc;
}

static usd
usd_member(const struct json *doc, const char *key)
{
    usd value = USD_ZERO;
    struct err ignored = {0};

    if (usd_from_double(json_f64(doc, key, 0.0), &value, &ignored) != RC_OK) return USD_ZERO;
    return value;
}

struct entry_context
entry_context_read(const char *json, struct arena *a)
{
    CLEANUP(json_freep) struct json *doc = context_parse(json);
    struct entry_context c = {.components = "{}"};
    const struct json *components = json_get_obj(doc, "components");

    c.score = json_f64(doc, "score", 0.0);
    c.direction = direction_from(json_str(doc, "direction", ""));
    (void)str_copy(c.market_regime, sizeof(c.market_regime), json_str(doc, "regime", ""));
    c.regime_modifier = json_f64(doc, "regime_modifier", 0.0);
    (void)str_copy(c.ignition, sizeof(c.ignition), json_str(doc, "ignition", ""));
    (void)str_copy(c.correlation_id, sizeof(c.correlation_id), json_str(doc, "correlation_id", ""));
    c.equity = usd_member(doc, "equity");
    c.ref = usd_member(doc, "ref");
    if (components != NULL) {
        CLEANUP(text_free) struct text t = {0};
        struct json_out o = {.to = &t};

        json_out_value(&o, NULL, components);
        c.components = arena_strndup(a, text_str(&t), t.len);
    }
    return c;
}

struct exit_context
exit_context_read(const char *json)
{
    CLEANUP(json_freep) struct json *doc = context_parse(json);
    struct exit_context c = {.target = (int)json_i64(doc, "target", -1)};

    (void)str_copy(c.label, sizeof(c.label), json_str(doc, "label", ""));
    c.entry_score = json_f64(doc, "entry_score", 0.0);
    c.entered_ns = when_parse_or_none(json_str(doc, "entry_ts", ""));
    c.held_qty = json_i64(doc, "held_qty", 0);
    c.held_cost = usd_member(doc, "held_cost");
    c.decay = json_f64(doc, "decay", (double)NAN);
    return c;
}
