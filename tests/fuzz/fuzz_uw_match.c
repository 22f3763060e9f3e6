/*
 * The matcher on any candidate: what it lets through stays on our host, inside the list, and holds
 * no byte that could end a path.
 */
#include "tests/fuzz/fuzz.h"

#include "base/text.h"
#include "model/symbol.h"
#include "uwclient/match.h"

#define BASE "https://uw.example"

static const char LIST[] = "paths:\n"
                           "  /api/darkpool/{ticker}: {get: {}}\n"
                           "  /api/darkpool/recent: {get: {}}\n"
                           "  /api/market/{sector}/sector-tide: {get: {}}\n"
                           "  /api/{name}/{id}/x: {get: {}}\n";

static void
make_list(struct spec *s)
{
    CLEANUP(text_free) struct text yaml = {0};

    text_puts(&yaml, LIST);
    for (int i = 0; i < SPEC_PATHS_MIN; i++)
        text_printf(&yaml, "  /api/fill/%d: {get: {}}\n", i);
    spec_parse(text_str(&yaml), yaml.len, NULL, 0, s, NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct spec list; /* the same for every input */
    CLEANUP(text_free) struct text candidate = {0};
    CLEANUP(text_free) struct text shown = {0};
    struct match m;

    if (list.ops_len == 0) make_list(&list);
    text_add(&candidate, (const char *)data, size);
    match_shown(text_str(&candidate), &shown);
    ASSERT(text_str(&shown)[0] == '/');
    if (match_path(&list, BASE, text_str(&candidate), &m, NULL) != RC_OK) return 0;
    ASSERT(m.path[0] == '/' && strpbrk(m.path, "?#{}\\ \t\r\n") == NULL);
    ASSERT(strstr(m.path, "//") == NULL && strstr(m.path, "/../") == NULL);
    ASSERT(spec_find(&list, m.op->path) == m.op);
    for (size_t i = 0; i < m.values_len; i++) {
        if (str_eq(m.values[i].name, "ticker")) ASSERT(symbol_valid(m.values[i].value));
        if (str_eq(m.values[i].name, "sector")) ASSERT(match_is_sector(m.values[i].value));
        ASSERT(strchr(m.values[i].value, '/') == NULL);
    }
    return 0;
}
