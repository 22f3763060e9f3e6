/*
 * What a manual page and a --help text say of options: readers for the test that holds both
 * against what the programs take.
 */
#ifndef TESTS_SCRIPTS_MANUAL_H
#define TESTS_SCRIPTS_MANUAL_H

#include "tests/lib/check.h"

enum { NAMES_MAX = 64, NAME_MAX_LEN = 32 };

/* Names of options, without hyphens. */
struct names {
    char name[NAMES_MAX][NAME_MAX_LEN];
    size_t len;
};

UNUSED static bool
names_have(const struct names *n, const char *name)
{
    for (size_t i = 0; i < n->len; i++)
        if (str_eq(n->name[i], name)) return true;
    return false;
}

UNUSED static void
names_add(struct names *n, const char *name)
{
    if (names_have(n, name)) return;
    if (n->len == NAMES_MAX || !str_copy(n->name[n->len], NAME_MAX_LEN, name))
        fail_msg("no room for the name %s", name);
    n->len++;
}

/* Every name that follows the mark ("--", "Fl -") in the line. */
UNUSED static void
names_after(struct names *n, const char *line, const char *mark)
{
    for (const char *at = strstr(line, mark); at != NULL; at = strstr(at, mark)) {
        char name[NAME_MAX_LEN];

        at += strlen(mark);
        size_t len = strspn(at, "abcdefghijklmnopqrstuvwxyz-");
        assert_true(len < sizeof name);
        memcpy(name, at, len);
        name[len] = '\0';
        if (len > 0 && name[0] != '-') names_add(n, name);
        at += len;
    }
}

/* The next line of the text, without its end; false behind the last one. */
UNUSED static bool
next_line(const char **at, char *line, size_t size)
{
    if (**at == '\0') return false;
    size_t len = strcspn(*at, "\n"), room = len < size ? len : size - 1;

    memcpy(line, *at, room);
    line[room] = '\0';
    *at += len + ((*at)[len] == '\n');
    return true;
}

UNUSED static bool
line_has_word(const char *line, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = strstr(line, word); at != NULL; at = strstr(at + 1, word))
        if ((at == line || at[-1] == ' ') && (at[len] == '\0' || at[len] == ' ')) return true;
    return false;
}

/*
 * The options that the help shows for "stockbot status" or "trading_engine": those of its usage
 * lines, down to the first empty line, and of the lines that begin with an option.
 */
UNUSED static struct names
help_names(const char *help, const char *command)
{
    struct names n = {0};
    char line[256];
    bool is_usage = true, is_mine = false;

    while (next_line(&help, line, sizeof line)) {
        const char *text = line + strspn(line, " ");
        bool begins =
            str_starts(line, "usage: ") || (is_usage && strstr(line, "       stockbot ") == line);

        is_usage = is_usage && line[0] != '\0';
        if (begins) is_mine = strstr(line, command) != NULL;
        if ((is_usage && is_mine) || (!is_usage && text != line && str_starts(text, "--")))
            names_after(&n, line, "--");
    }
    return n;
}

struct page {
    struct text text;
    char first[NAME_MAX_LEN]; /* of its NAME section */
};

UNUSED static void
page_done(struct page *p)
{
    text_free(&p->text);
}

/* docs/man/<name>; a page that is only ".so manN/other" gives the other one.  False: none. */
UNUSED static bool
page_load(struct page *p, const char *name)
{
    char path[256];
    const char *nm = NULL;

    *p = (struct page){0};
    (void)snprintf(path, sizeof path, "docs/man/%s", name);
    if (access(path, R_OK) != 0) return false;
    check_read_file(path, &p->text);
    if (str_starts(text_str(&p->text), ".so man")) {
        const char *slash = strchr(text_str(&p->text), '/');

        assert_non_null(slash);
        (void)snprintf(path, sizeof path, "docs/man/%s", slash + 1);
        path[strcspn(path, "\n")] = '\0';
        text_clear(&p->text);
        if (access(path, R_OK) != 0) return false;
        check_read_file(path, &p->text);
    }
    nm = strstr(text_str(&p->text), ".Sh NAME\n.Nm ");
    if (nm == NULL) {
        print_error("%s has no NAME\n", path);
        return false;
    }
    nm += strlen(".Sh NAME\n.Nm ");
    (void)snprintf(p->first, sizeof p->first, "%.*s", (int)strcspn(nm, "\n"), nm);
    return true;
}

/*
 * The options in the SYNOPSIS of the page, of the blocks whose .Nm, or the .Cm below it, names the
 * word; NULL: of all.  A block that names nobody is that of the first name.
 */
UNUSED static struct names
page_synopsis(const struct page *p, const char *word)
{
    struct names n = {0};
    char line[512];
    const char *at = strstr(text_str(&p->text), ".Sh SYNOPSIS\n");
    bool is_mine = false, was_nm = false;

    assert_non_null(at);
    while (next_line(&at, line, sizeof line) && !str_eq(line, ".Sh DESCRIPTION")) {
        if (str_starts(line, ".Nm"))
            is_mine = word == NULL || line_has_word(line, word) ||
                      (str_eq(line, ".Nm") && line_has_word(p->first, word));
        else if (was_nm && str_starts(line, ".Cm")) {
            char verbs[512];

            (void)snprintf(verbs, sizeof verbs, "%.*s",
                           (int)(strstr(line, " Fl ") != NULL ? strstr(line, " Fl ") - line : 511),
                           line);
            is_mine = word == NULL || line_has_word(verbs, word);
        }
        was_nm = str_starts(line, ".Nm");
        if (is_mine) names_after(&n, line, "Fl -");
    }
    return n;
}

/* The options that the page describes, each in a list of its own words. */
UNUSED static struct names
page_described(const struct page *p)
{
    struct names n = {0};
    char line[512];
    const char *at = text_str(&p->text);

    while (next_line(&at, line, sizeof line))
        if (str_starts(line, ".It Fl")) names_after(&n, line, "Fl -");
    return n;
}

#endif
