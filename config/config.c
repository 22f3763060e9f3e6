#include "config/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static const char DEFAULT_ROOT[] = "var/run";
static const char DEFAULT_YAML[] = "config/stockbot.yaml";

/* What the loading functions share. */
struct loading {
    const struct config_options *opt;
    struct config *cfg;
    struct config_store *st;
    struct err *err;
};

static const char *
env_get(const struct config_options *opt, const char *name)
{
    const char *const *vars = opt->environ_ != NULL ? opt->environ_ : (const char *const *)environ;
    size_t len = strlen(name);
    for (; *vars != NULL; vars++)
        if (strncmp(*vars, name, len) == 0 && (*vars)[len] == '=') return *vars + len + 1;
    return NULL;
}

/* A variable that is set and not blank, NULL otherwise. */
static const char *
env_get_filled(const struct config_options *opt, const char *name)
{
    const char *value = env_get(opt, name);
    return value != NULL && value[strspn(value, " \t\r\n")] != '\0' ? value : NULL;
}

static const char *
path_under(struct arena *a, const char *base, const char *path)
{
    return path[0] == '/' ? arena_strdup(a, path) : arena_printf(a, "%s/%s", base, path);
}

static enum rc
read_fd(int fd, struct text *to, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0) return err_sys(err, RC_IO, errno, "stat");
    if (!S_ISREG(st.st_mode)) return err_set(err, RC_IO, "is no regular file");
    for (;;) {
        char buf[8192];
        ssize_t n = read(fd, buf, sizeof buf);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return err_sys(err, RC_IO, errno, "read");
        if (n == 0) return RC_OK;
        if (to->len + (size_t)n > CONFIG_FILE_MAX)
            return err_set(err, RC_RANGE, "more than %d bytes", CONFIG_FILE_MAX);
        text_add(to, buf, (size_t)n);
    }
}

static enum rc
read_file(const char *path, struct text *to, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return err_sys(err, errno == ENOENT ? RC_NOT_FOUND : RC_IO, errno, "%s", path);
    enum rc rc = read_fd(fd, to, err);
    (void)close(fd); /* nothing was written */
    return rc == RC_OK ? RC_OK : err_wrap(err, "%s", path);
}

static void
add_issue(struct config_store *st, const char *name, const char *why)
{
    if (st->issues_len == CONFIG_ISSUES_MAX) return;
    st->issues[st->issues_len++] = (struct config_issue){name, "", why};
}

static struct config_given *
given(struct config_store *st, enum config_row_id row, enum config_source source)
{
    return &st->given[row][source];
}

/* ---- the sources --------------------------------------------------------------------------- */

static enum rc
load_root(struct loading *ld)
{
    const char *root =
        ld->opt->root != NULL ? ld->opt->root : env_get_filled(ld->opt, "STOCKBOT_ROOT");
    if (root == NULL) root = DEFAULT_ROOT;
    char cwd[PATH_MAX] = "";
    if (root[0] != '/' && getcwd(cwd, sizeof cwd) == NULL)
        return err_sys(ld->err, RC_IO, errno, "the working directory");
    ld->cfg->root = path_under(&ld->st->arena, cwd, root);
    return RC_OK;
}

/* The file that was asked for must be there; the usual one may be missing. */
static enum rc
load_yaml(struct loading *ld)
{
    CLEANUP(text_free) struct text bytes = {0};
    const char *asked = ld->opt->yaml_path;
    if (asked == NULL) asked = env_get_filled(ld->opt, "STOCKBOT_CONFIG");
    const char *path = asked != NULL ? arena_strdup(&ld->st->arena, asked)
                                     : path_under(&ld->st->arena, ld->cfg->root, DEFAULT_YAML);

    enum rc rc = read_file(path, &bytes, ld->err);
    if (rc == RC_NOT_FOUND && asked == NULL) return RC_OK;
    if (rc != RC_OK) return rc;
    return config_yaml_load(ld->st, path, text_str(&bytes), bytes.len, ld->err);
}

/* The environment itself: the row's own name is stronger than its alias. */
static void
load_environment(struct loading *ld)
{
    for (enum config_row_id id = 0; id < CONFIG_ROWS; id++) {
        const struct config_row *row = &config_rows[id];
        const char *alias = config_row_alias(row);
        const char *text = env_get(ld->opt, row->name);
        if (!config_text_counts(row, text) && alias != NULL) text = env_get(ld->opt, alias);
        if (config_text_counts(row, text))
            *given(ld->st, id, CONFIG_ENV) =
                (struct config_given){arena_strdup(&ld->st->arena, text), "", 0};
    }
}

/* The strongest text for ENV_FILE, which the file itself cannot move. */
static const char *
env_file_path(struct loading *ld, bool *ret_is_asked_for)
{
    const struct config_given *env = given(ld->st, CONFIG_ROW_ENV_FILE, CONFIG_ENV);
    const struct config_given *yaml = given(ld->st, CONFIG_ROW_ENV_FILE, CONFIG_YAML);
    const char *path = env->text != NULL ? env->text : yaml->text;
    *ret_is_asked_for = path != NULL;
    if (path == NULL) path = config_rows[CONFIG_ROW_ENV_FILE].dflt;
    return path_under(&ld->st->arena, ld->cfg->root, path);
}

static void
take_env_var(struct config_store *st, const char *path, enum config_row_id id, const char *name)
{
    const struct env_var *var = name == NULL ? NULL : env_file_find(&st->env_file, name);
    struct config_given *g = given(st, id, CONFIG_ENV_FILE);
    if (var != NULL && g->text == NULL && config_text_counts(&config_rows[id], var->value))
        *g = (struct config_given){var->value, path, var->line};
}

/* An unreadable environment file stops nothing: what it would have said is missing, and an issue
 * says so. */
static void
load_env_file(struct loading *ld)
{
    CLEANUP(text_free) struct text bytes = {0};
    struct config_store *st = ld->st;
    struct err why = {0};
    bool is_asked_for = false;
    const char *path = env_file_path(ld, &is_asked_for);

    enum rc rc = read_file(path, &bytes, &why);
    if (rc == RC_NOT_FOUND && !is_asked_for) return;
    if (rc != RC_OK) {
        add_issue(st, config_rows[CONFIG_ROW_ENV_FILE].name, arena_strdup(&st->arena, why.text));
        return;
    }
    st->env_file = env_file_parse(text_str(&bytes), bytes.len, &st->arena);
    for (size_t i = 0; i < st->env_file.bad_len; i++) {
        const struct env_bad_line *bad = &st->env_file.bad[i];
        add_issue(st, arena_printf(&st->arena, "%s:%d", path, bad->line), bad->why);
    }
    for (enum config_row_id id = 0; id < CONFIG_ROWS; id++) {
        if (id == CONFIG_ROW_ENV_FILE) continue;
        take_env_var(st, path, id, config_rows[id].name);
        take_env_var(st, path, id, config_row_alias(&config_rows[id]));
    }
}

/* ---- which one wins ------------------------------------------------------------------------ */

static const char *
source_name(struct arena *a, enum config_source source, const struct config_given *g)
{
    return source == CONFIG_ENV ? "the environment" : arena_printf(a, "%s:%d", g->file, g->line);
}

/* Settles the row by the text of one source; the words of a failure go without the text of a
 * secret. */
static enum rc
try_source(struct loading *ld, enum config_row_id id, enum config_source source, struct err *why)
{
    CLEANUP(text_free) struct text dropped = {0};
    const struct config_row *row = &config_rows[id];
    struct arena *a = &ld->st->arena;
    const struct config_given *g = given(ld->st, id, source);
    struct setting s = {.source = source, .file = g->file, .line = g->line};

    if (config_value_set(row, g->text, a, &dropped, ld->cfg, &s.text, why) != RC_OK) {
        if (config_row_is_secret(row) || row->kind == CONFIG_LIST)
            return err_wrap(why, "%s", source_name(a, source, g));
        return err_wrap(why, "%s: \"%.60s\"", source_name(a, source, g), g->text);
    }
    if (dropped.len > 0)
        add_issue(ld->st, row->name,
                  arena_printf(a, "%s: no symbols, left out: %.200s", source_name(a, source, g),
                               text_str(&dropped)));
    ld->st->settings[id] = s;
    return RC_OK;
}

/* Strongest source first; what is unusable in the environment is passed over and reported. */
static void
settle_row(struct loading *ld, enum config_row_id id)
{
    bool file_wins = ld->opt->env_file_wins;
    const enum config_source order[] = {
        file_wins ? CONFIG_ENV_FILE : CONFIG_ENV, file_wins ? CONFIG_ENV : CONFIG_ENV_FILE,
        CONFIG_YAML,    /* every value was checked when the file was read */
        CONFIG_DEFAULT, /* and every default keeps the bounds of its row  */
    };
    for (size_t i = 0; i < COUNT_OF(order); i++) {
        struct err why = {0};
        if (given(ld->st, id, order[i])->text == NULL) continue;
        if (try_source(ld, id, order[i], &why) == RC_OK) return;
        add_issue(ld->st, config_rows[id].name, arena_strdup(&ld->st->arena, why.text));
    }
    ASSERT(false);
}

/* One fact that two modules receive. */
static void
share(struct config *cfg)
{
    cfg->uw.tickers = cfg->strategy.tickers;
    cfg->supervisor.max_stall_s = cfg->engine.max_stall_s;
    cfg->broker.max_notional_per_order = cfg->strategy.max_notional_per_order;
}

static enum rc
load_all(struct loading *ld)
{
    enum rc rc = load_root(ld);
    if (rc == RC_OK) rc = load_yaml(ld);
    if (rc != RC_OK) return rc;
    load_environment(ld);
    load_env_file(ld);
    for (enum config_row_id id = 0; id < CONFIG_ROWS; id++) {
        *given(ld->st, id, CONFIG_DEFAULT) = (struct config_given){config_rows[id].dflt, "", 0};
        settle_row(ld, id);
    }
    share(ld->cfg);
    return RC_OK;
}

/* ---- public -------------------------------------------------------------------------------- */

enum rc
config_load(const struct config_options *opt, struct config *ret_config, struct err *err)
{
    struct config cfg = {.store = calloc(1, sizeof *cfg.store)};
    if (cfg.store == NULL) return err_set(err, RC_NOMEM, "out of memory");

    struct loading ld = {.opt = opt, .cfg = &cfg, .st = cfg.store, .err = err};
    enum rc rc = load_all(&ld);
    if (rc != RC_OK) {
        config_done(&cfg);
        return rc;
    }
    *ret_config = cfg;
    return RC_OK;
}

void
config_done(struct config *c)
{
    if (c->store != NULL) arena_done(&c->store->arena);
    free(c->store);
    *c = (struct config){0};
}

static const char *
shown_text(const struct config_store *st, const struct config_row *row)
{
    const char *text = st->settings[row - config_rows].text;
    if (config_row_is_secret(row)) return text[0] == '\0' ? "unset" : "set";
    return text;
}

size_t
config_issues(const struct config *c)
{
    return c->store->issues_len;
}

struct config_issue
config_issue(const struct config *c, size_t i)
{
    ASSERT(i < c->store->issues_len);
    struct config_issue issue = c->store->issues[i];
    const struct config_row *row = config_row_find(issue.name);
    if (row != NULL) issue.used = shown_text(c->store, row);
    return issue;
}

const char *
config_text(const struct config *c, const char *name)
{
    const struct config_row *row = config_row_find(name);
    return row == NULL ? NULL : shown_text(c->store, row);
}

size_t
config_missing_secrets(const struct config *c, const char *ret_names[3])
{
    const struct {
        const char *name, *value;
    } required[] = {
        {"UW_API_KEY",    c->uw.api_key   },
        {"ALPACA_KEY",    c->broker.key   },
        {"ALPACA_SECRET", c->broker.secret},
    };
    size_t n = 0;
    for (size_t i = 0; i < COUNT_OF(required); i++)
        if (required[i].value[0] == '\0') ret_names[n++] = required[i].name;
    return n;
}

const struct env_file *
config_env_file(const struct config *c)
{
    return &c->store->env_file;
}

/* A shorter text is no secret anybody could keep, and taking it out would ruin every line it occurs
 * in. */
enum { SECRET_REDACTED_MIN = 6 };

void
config_redact_secret(struct text *text, const char *secret)
{
    size_t len = strlen(secret);
    if (len < SECRET_REDACTED_MIN) return;
    const char *at = text_str(text), *hit = strstr(at, secret);
    if (hit == NULL) return;

    struct text clean = {0};
    for (; hit != NULL; at = hit + len, hit = strstr(at, secret)) {
        text_add(&clean, at, (size_t)(hit - at));
        text_puts(&clean, "***");
    }
    text_puts(&clean, at);
    text_free(text);
    *text = clean;
}

void
config_redact(const struct config *c, struct text *text)
{
    for (size_t i = 0; i < CONFIG_ROWS; i++)
        if (config_row_is_secret(&config_rows[i]))
            config_redact_secret(text, c->store->settings[i].text);
}
