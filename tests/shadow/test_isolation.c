/*
 * What computes v2 cannot trade: its objects name no symbol that the broker, the UW client or the
 * system folder defines, so no order can be sent by linking alone (ARCHITECTURE 5.6).
 *
 * Reads the symbol tables of the objects in $STOCKBOT_BUILD (build without it).
 */
#include "tests/lib/check.h"

#include <elf.h>
#include <glob.h>

enum { NAME_MAX_LEN = 128, PATH_MAX_LEN = 512 };

struct names {
    char (*name)[NAME_MAX_LEN];
    size_t len, cap;
};

static void
names_done(struct names *n)
{
    free(n->name);
}

static void
names_add(struct names *n, const char *name)
{
    if (n->len == n->cap) {
        n->cap = n->cap > 0 ? 2 * n->cap : 256;
        n->name = realloc(n->name, n->cap * sizeof(*n->name));
        assert_non_null(n->name);
    }
    assert_true(str_copy(n->name[n->len++], NAME_MAX_LEN, name));
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static bool
names_have(const struct names *sorted, const char *name)
{
    char key[NAME_MAX_LEN];
    return str_copy(key, sizeof key, name) && sorted->len > 0 &&
           bsearch(key, sorted->name, sorted->len, sizeof(*sorted->name), by_name) != NULL;
}

/* ---- one object ---------------------------------------------------------------------------- */

enum which { UNDEFINED, DEFINED };

static void
read_symbols(const struct text *file, const Elf64_Shdr *table, const Elf64_Shdr *strings,
             enum which which, struct names *to)
{
    const char *text = file->data + strings->sh_offset;

    assert_true(table->sh_offset + table->sh_size <= file->len);
    for (size_t at = 0; at + sizeof(Elf64_Sym) <= table->sh_size; at += sizeof(Elf64_Sym)) {
        Elf64_Sym s;
        memcpy(&s, file->data + table->sh_offset + at, sizeof s);
        bool is_undefined = s.st_shndx == SHN_UNDEF;
        if (ELF64_ST_BIND(s.st_info) == STB_LOCAL || s.st_name == 0) continue;
        assert_true(s.st_name < strings->sh_size);
        if (is_undefined == (which == UNDEFINED)) names_add(to, text + s.st_name);
    }
}

static void
read_object(const char *path, enum which which, struct names *to)
{
    CLEANUP(text_free) struct text file = {0};
    Elf64_Ehdr head;

    check_read_file(path, &file);
    if (file.data == NULL || file.len <= sizeof head) {
        fail_msg("%s cannot be read", path);
        return;
    }
    memcpy(&head, file.data, sizeof head);
    assert_memory_equal(head.e_ident, ELFMAG, SELFMAG);
    assert_int_equal(head.e_ident[EI_CLASS], ELFCLASS64);
    assert_true(head.e_shoff + (size_t)head.e_shnum * sizeof(Elf64_Shdr) <= file.len);
    for (size_t i = 0; i < head.e_shnum; i++) {
        Elf64_Shdr section, strings;
        memcpy(&section, file.data + head.e_shoff + i * sizeof section, sizeof section);
        if (section.sh_type != SHT_SYMTAB) continue;
        assert_true(section.sh_link < head.e_shnum);
        memcpy(&strings, file.data + head.e_shoff + section.sh_link * sizeof strings,
               sizeof strings);
        assert_true(strings.sh_offset + strings.sh_size <= file.len);
        read_symbols(&file, &section, &strings, which, to);
    }
}

/* ---- folders ------------------------------------------------------------------------------- */

/* Files below the build folder; the pattern is of a path without its ending. */
static glob_t
built(const char *path, const char *ending)
{
    const char *build = getenv("STOCKBOT_BUILD");
    char pattern[PATH_MAX_LEN];
    glob_t found = {0};

    (void)snprintf(pattern, sizeof pattern, "%s/%s%s", build != NULL ? build : "build", path,
                   ending);
    int rc = glob(pattern, 0, NULL, &found);
    assert_true(rc == 0 || rc == GLOB_NOMATCH);
    return found;
}

/* A folder, or some files of one: "shadow", "engine/v2*". */
static glob_t
objects_of(const char *where)
{
    char path[PATH_MAX_LEN];

    (void)snprintf(path, sizeof path, "%s%s", where, strchr(where, '/') != NULL ? "" : "/*");
    return built(path, ".o");
}

static struct names
defined_in(const char *const *folders, size_t len)
{
    struct names n = {0};

    for (size_t i = 0; i < len; i++) {
        glob_t objects = objects_of(folders[i]);
        for (size_t j = 0; j < objects.gl_pathc; j++)
            read_object(objects.gl_pathv[j], DEFINED, &n);
        globfree(&objects);
    }
    if (n.len > 0) qsort(n.name, n.len, sizeof(*n.name), by_name);
    return n;
}

/* How many symbols of the forbidden the folder's objects name; each is printed. */
static size_t
trespasses_of(const char *folder, const struct names *forbidden, size_t *ret_objects)
{
    glob_t objects = objects_of(folder);
    size_t n = 0;

    *ret_objects = objects.gl_pathc;
    for (size_t j = 0; j < objects.gl_pathc; j++) {
        CLEANUP(names_done) struct names wanted = {0};
        read_object(objects.gl_pathv[j], UNDEFINED, &wanted);
        for (size_t i = 0; i < wanted.len; i++) {
            if (!names_have(forbidden, wanted.name[i])) continue;
            print_message("%s wants %s\n", objects.gl_pathv[j], wanted.name[i]);
            n++;
        }
    }
    globfree(&objects);
    return n;
}

static const char *const OUTSIDE[] = {"broker", "uwclient", "io"};

static void
skip_without_objects(void)
{
    glob_t objects = objects_of("shadow");
    size_t n = objects.gl_pathc;

    globfree(&objects);
    if (n > 0) return;
    print_message("skipped: no objects of shadow below STOCKBOT_BUILD\n");
    skip();
}

static void
test_isolation_v2_objects_cannot_trade(void **state)
{
    static const char *const folders[] = {"intel", "exitlogic", "shadow", "analytics"};
    (void)state;
    skip_without_objects();
    CLEANUP(names_done) struct names outside = defined_in(OUTSIDE, COUNT_OF(OUTSIDE));
    assert_true(outside.len > 0);
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        size_t objects = 0;
        if (trespasses_of(folders[i], &outside, &objects) > 0)
            fail_msg("%s reaches outside", folders[i]);
    }
}

/*
 * The engine's own v2 files are linked beside the order desk and call nothing of it: what they know
 * of a price comes through struct prices, which has no call that trades.
 */
static void
test_isolation_v2_in_the_engine_cannot_trade(void **state)
{
    static const char *const roads[] = {"broker",         "uwclient",      "io",
                                        "engine/act",     "engine/desk",   "engine/engine",
                                        "engine/entries", "engine/gather", "engine/loop",
                                        "engine/market",  "engine/memory", "engine/reconcile",
                                        "engine/record",  "engine/trades"};
    size_t objects = 0;
    (void)state;
    skip_without_objects();
    CLEANUP(names_done) struct names forbidden = defined_in(roads, COUNT_OF(roads));
    assert_true(names_have(&forbidden, "desk_send") && names_have(&forbidden, "engine_act"));
    assert_int_equal(trespasses_of("engine/v2*", &forbidden, &objects), 0);
    assert_true(objects > 5);
}

/* Nor do they see a type that could: the headers each was compiled from, as the compiler lists
 * them. */
static void
test_isolation_v2_in_the_engine_sees_no_broker(void **state)
{
    static const char *const headers[] = {"model/broker.h",  "model/ledger.h", " broker/",
                                          " uwclient/",      "engine/desk.h",  "engine/engine.h",
                                          "engine/entries.h"};
    (void)state;
    skip_without_objects();
    glob_t lists = built("engine/v2*", ".d");
    assert_true(lists.gl_pathc > 5);
    for (size_t i = 0; i < lists.gl_pathc; i++) {
        CLEANUP(text_free) struct text list = {0};
        check_read_file(lists.gl_pathv[i], &list);
        assert_non_null(strstr(text_str(&list), "base/json.h")); /* it is such a list */
        for (size_t k = 0; k < COUNT_OF(headers); k++)
            if (strstr(text_str(&list), headers[k]) != NULL)
                fail_msg("%s: %s", lists.gl_pathv[i], headers[k]);
    }
    globfree(&lists);
}

/* The same search finds what it looks for where it is allowed. */
static void
test_isolation_search_finds_who_does_trade(void **state)
{
    static const char *const broker[] = {"broker"};
    size_t objects = 0;
    (void)state;
    skip_without_objects();
    CLEANUP(names_done) struct names names = defined_in(broker, COUNT_OF(broker));
    size_t found = trespasses_of("broker", &names, &objects);
    assert_true(objects > 0 && found > 0);
}

/* Nor do the simulator and its exits name what opens files, sockets, or tells the time. */
static void
test_isolation_shadow_does_no_io(void **state)
{
    static const char *const folders[] = {"exitlogic", "shadow"};
    static const char *const system[] = {
        "accept",  "clock_gettime", "connect", "creat",  "execve", "fopen",
        "fopen64", "fork",          "getenv",  "open",   "open64", "openat",
        "rename",  "send",          "socket",  "system", "time",   "unlink",
    };
    CLEANUP(names_done) struct names forbidden = {0};
    (void)state;
    skip_without_objects();
    for (size_t i = 0; i < COUNT_OF(system); i++)
        names_add(&forbidden, system[i]);
    qsort(forbidden.name, forbidden.len, sizeof(*forbidden.name), by_name);
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        size_t objects = 0;
        assert_int_equal(trespasses_of(folders[i], &forbidden, &objects), 0);
        assert_true(objects > 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_isolation_v2_objects_cannot_trade),
        cmocka_unit_test(test_isolation_v2_in_the_engine_cannot_trade),
        cmocka_unit_test(test_isolation_v2_in_the_engine_sees_no_broker),
        cmocka_unit_test(test_isolation_search_finds_who_does_trade),
        cmocka_unit_test(test_isolation_shadow_does_no_io),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
