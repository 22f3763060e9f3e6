#include <stdlib.h>
#include <string.h>

#include "analytics/artifacts.h"
#include "analytics/day_internal.h"
#include "analytics/stats.h"

static int
by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Required keys and how many records have each. */
struct required {
    const char *const *key;
    const int64_t *present;
    size_t len;
};

static size_t
place_of(const struct required *r, const char *key)
{
    size_t i = 0;

    while (r->key[i] != key)
        i++;
    return i;
}

enum { KEYS_MAX = MAX(TOP_KEYS, COMPONENT_KEYS) };

static void
keys_sorted(const struct required *r, const char *sorted[KEYS_MAX])
{
    for (size_t i = 0; i < r->len; i++)
        sorted[i] = r->key[i];
    qsort(sorted, r->len, sizeof(*sorted), by_name);
}

static void
completeness_write(struct doc *out, const char *key, const struct required *r, int64_t records)
{
    const char *sorted[KEYS_MAX];

    keys_sorted(r, sorted);
    doc_obj(out, key);
    for (size_t i = 0; i < r->len; i++) {
        int64_t present = r->present[place_of(r, sorted[i])];
        doc_obj(out, sorted[i]);
        doc_int(out, "missing", records - present);
        doc_int(out, "present", present);
        doc_num(out, "present_rate", rate(present, records));
        doc_end(out);
    }
    doc_end(out);
}

static void
misses_write(struct doc *out, const char *key, const struct required *r, int64_t records)
{
    const char *sorted[KEYS_MAX];

    keys_sorted(r, sorted);
    doc_obj(out, key);
    for (size_t i = 0; i < r->len; i++) {
        int64_t missing = records - r->present[place_of(r, sorted[i])];
        if (missing > 0) doc_int(out, sorted[i], missing);
    }
    doc_end(out);
}

static void
keys_write(struct doc *out, const char *key, const struct required *r)
{
    doc_arr(out, key);
    for (size_t i = 0; i < r->len; i++)
        doc_str(out, NULL, r->key[i]);
    doc_end(out);
}

/* 3.3 */
void
artifact_exit_completeness(const struct day_view *day, struct doc *out, const char *key)
{
    const struct completeness *c = day->completeness;
    const struct required top = {top_key, c->top_present, TOP_KEYS};
    const struct required component = {component_key, c->component_present, COMPONENT_KEYS};

    doc_obj(out, key);
    artifact_meta(day, out, "exit_intel_completeness", "2026-01-22_v1");
    tally_write_nested(out, "by_exit_reason_missing_counts", &c->misses, day->words);
    doc_obj(out, "counts");
    doc_num(out, "complete_rate", rate(c->complete, c->records));
    doc_int(out, "complete_records", c->complete);
    doc_int(out, "exit_attribution_records", c->records);
    doc_end(out);
    completeness_write(out, "exit_component_completeness", &component, c->records);
    misses_write(out, "missing_component_counts", &component, c->records);
    misses_write(out, "missing_top_level_counts", &top, c->records);
    keys_write(out, "required_exit_component_keys", &component);
    keys_write(out, "required_top_level_keys", &top);
    completeness_write(out, "top_level_completeness", &top, c->records);
    doc_end(out);
}
