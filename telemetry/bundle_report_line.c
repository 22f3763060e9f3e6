#include "base/ops.h"
#include "telemetry/bundle_report.h"

void
put_heading(struct report *r, const char *heading)
{
    text_printf(&r->to, "%s%s\n\n", r->to.len > 0 ? "\n" : "", heading);
}

const char *
rounded(double x, int decimals, char buf[F64_TEXT_MAX])
{
    return is_known(x) ? number_text(round_dec(x, decimals), buf) : "none";
}

void
put_number(struct report *r, const char *name, double value)
{
    char buf[F64_TEXT_MAX];

    text_printf(&r->to, "- %s: %s\n", name, is_known(value) ? number_text(value, buf) : "none");
}

void
put_count(struct report *r, const char *name, int64_t value)
{
    text_printf(&r->to, "- %s: %lld\n", name, (long long)value);
}

void
put_label(struct text *to, struct span s)
{
    if (s.len == 0) text_puts(to, "UNKNOWN");
    for (size_t at = 0; at < s.len;) {
        size_t len = utf8_sequence(s.at + at, s.len - at);

        if (len == 1 && ((uint8_t)s.at[at] < 0x20 || s.at[at] == 0x7f))
            text_putc(to, ' ');
        else if (len > 0)
            text_add(to, s.at + at, len);
        else
            text_puts(to, "\xef\xbf\xbd");
        at += MAX(len, (size_t)1);
    }
}

void
put_word(struct report *r, const char *name, word id)
{
    text_printf(&r->to, "- %s: ", name);
    put_label(&r->to, words_text(r->day->words, id));
    text_putc(&r->to, '\n');
}

void
put_json(struct report *r, const char *name, const struct json *v)
{
    CLEANUP(text_free) struct text compact = {0};
    struct json_out o = {.to = &compact};

    if (v != NULL)
        json_out_value(&o, NULL, v);
    else
        json_out_null(&o, NULL);
    text_printf(&r->to, "- %s: ", name);
    put_label(&r->to, (struct span){text_str(&compact), compact.len});
    text_putc(&r->to, '\n');
}

void
put_counts(struct report *r, const char *name, const struct tally *t)
{
    uint32_t *sorted = tally_sorted(t, r->day->words);
    CLEANUP(text_free) struct text compact = {0};
    struct json_out o = {.to = &compact};

    json_out_obj(&o, NULL);
    for (uint32_t i = 0; i < t->len; i++) {
        CLEANUP(text_free) struct text label = {0};

        put_label(&label, words_text(r->day->words, (word)t->key[sorted[i]]));
        json_out_i64(&o, text_str(&label), t->count[sorted[i]]);
    }
    json_out_end(&o);
    text_printf(&r->to, "- %s: %s\n", name, text_str(&compact));
    free(sorted);
}

struct json *
read_back(struct doc *doc)
{
    struct json *json = NULL;

    /* Our own text: what cannot be read is as absent. */
    if (doc_close(doc, false, NULL) != RC_OK) return NULL;
    enum rc rc =
        json_parse(text_str(&doc->text), doc->text.len, JSON_LOG, &JSON_LIMITS_FILE, &json, NULL);
    return rc == RC_OK ? json : NULL;
}

void
put_stats(struct report *r, const char *name, struct series *xs)
{
    CLEANUP(doc_free) struct doc doc = {0};

    doc_obj(&doc, NULL);
    stats_write(&doc, "stats", xs);
    doc_end(&doc);
    CLEANUP(json_freep) struct json *stats = read_back(&doc);
    put_json(r, name, json_get(stats, "stats"));
}
