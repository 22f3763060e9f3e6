#include "state/internal.h"

#include "state/aside.h"

enum { RESCUE_BYTES_MAX = 1 << 30 };

/* ---- names --------------------------------------------------------------------------------- */

static char *
joined(const char *a, const char *between, const char *b)
{
    struct text t = {0};

    text_printf(&t, "%s%s%s", a, between, b);
    return t.data; /* taken by the caller */
}

/* What stands at the path with the suffix; absent is RC_OK. */
static enum rc
look(const struct sql_ledger *l, const char *suffix, struct fs_stat *ret_stat, struct err *err)
{
    CLEANUP(text_free) struct text name = {0};

    *ret_stat = (struct fs_stat){0};
    text_printf(&name, "%s%s", l->path, suffix);
    return l->fs->stat(l->fs->self, text_str(&name), ret_stat, err);
}

static bool
is_dir(const struct sql_ledger *l, const char *suffix)
{
    struct fs_stat st = {0};

    return look(l, suffix, &st, NULL) == RC_OK && st.is_dir;
}

static enum rc
rename_suffix(const struct sql_ledger *l, const char *from_suffix, const char *to,
              const char *to_suffix, struct err *err)
{
    CLEANUP(text_free) struct text from = {0};
    CLEANUP(text_free) struct text into = {0};

    text_printf(&from, "%s%s", l->path, from_suffix);
    text_printf(&into, "%s%s", to, to_suffix);
    return l->fs->rename(l->fs->self, text_str(&from), text_str(&into), err);
}

/* Leftovers of a run that was cut short; mostly there are none. */
static void
remove_suffix(const struct sql_ledger *l, const char *suffix)
{
    CLEANUP(text_free) struct text name = {0};

    text_printf(&name, "%s%s", l->path, suffix);
    (void)l->fs->remove(l->fs->self, text_str(&name), NULL);
}

/* ---- a connection -------------------------------------------------------------------------- */

static void
disconnect(struct sql_ledger *l, bool keep_files_as_they_are)
{
    sql_finalize(l);
    /* The last connection otherwise writes the -wal back: not into a file that was put there by
     * others. */
    if (l->db != NULL && keep_files_as_they_are)
        (void)sqlite3_db_config(l->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
    int code = sqlite3_close(l->db);
    ASSERT(code == SQLITE_OK); /* all statements are finalized */
    l->db = NULL;
    ledger_book_done(&l->book);
    l->is_book_loaded = false;
}

/* One value of a pragma as text. */
static enum rc
pragma(sqlite3 *db, const char *sql, char *ret_value, size_t size, struct err *err)
{
    sqlite3_stmt *st = NULL;

    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
        return sql_error(NULL, db, err, sql);
    enum rc rc = sqlite3_step(st) == SQLITE_ROW ? RC_OK : sql_error(NULL, db, err, sql);
    if (rc == RC_OK) sql_get_text(st, 0, ret_value, size);
    (void)sqlite3_finalize(st); /* repeats the error of the step */
    return rc;
}

/* The log holds what was committed and is not written back yet: without it there is no ledger. */
static enum rc
check_wal(const struct sql_ledger *l, struct err *err)
{
    CLEANUP(text_free) struct text byte = {0};
    CLEANUP(text_free) struct text name = {0};
    struct fs_stat st = {0};

    if (look(l, "-wal", &st, NULL) != RC_OK || !st.exists) return RC_OK;
    text_printf(&name, "%s-wal", l->path);
    if (!st.is_dir && l->fs->read_at(l->fs->self, text_str(&name), 0, 1, &byte, NULL) == RC_OK)
        return RC_OK;
    return err_set(err, RC_PARSE, "ledger: its log cannot be read");
}

/* What stands in the place of the log's index, which SQLite makes anew, must not keep it out. */
static void
clear_bad_shm(const struct sql_ledger *l)
{
    CLEANUP(text_free) struct text name = {0};
    CLEANUP(text_free) struct text byte = {0};
    CLEANUP(text_free) struct text backup = {0};
    struct fs_stat st = {0};

    if (look(l, "-shm", &st, NULL) != RC_OK || !st.exists) return;
    text_printf(&name, "%s-shm", l->path);
    if (!st.is_dir && l->fs->read_at(l->fs->self, text_str(&name), 0, 1, &byte, NULL) == RC_OK)
        return;
    if (aside_move(l->fs, text_str(&name), "corrupted", "", when_to_s(clock_now(l->clock)), &backup,
                   NULL) == RC_OK)
        log_event(l->log, EV_STATE_SELF_HEALED, F_STR("path", text_str(&name)),
                  F_STR("backup", text_str(&backup)), F_STR("default_type", "index"),
                  F_STR("used", "rebuilt"));
}

/* SQLite says "cannot open" for much; RC_PARSE where what stands there is bad, not the system. */
static enum rc
judge_refusal(const struct sql_ledger *l, enum rc rc, int sqlite_code, struct err *err)
{
    CLEANUP(text_free) struct text byte = {0};

    if (rc != RC_IO || (sqlite_code & 0xff) != SQLITE_CANTOPEN) return rc;
    if (is_dir(l, "-wal") || is_dir(l, "-shm"))
        return err_set(err, RC_PARSE, "ledger: a directory in the place of its log");
    if (l->fs->read_at(l->fs->self, l->path, 0, 1, &byte, NULL) != RC_OK)
        return err_set(err, RC_PARSE, "ledger: %s cannot be read", l->path);
    return rc;
}

static enum rc
check_version(sqlite3 *db, struct err *err)
{
    char text[32] = "";
    int64_t version = 0;
    enum rc rc = pragma(db, "PRAGMA user_version", text, sizeof(text), err);

    if (rc != RC_OK) return rc;
    if (!str_to_i64(text, &version) || version < 1)
        return err_set(err, RC_PARSE, "ledger: a database, but not a ledger");
    if (version > LEDGER_SCHEMA_VERSION)
        return err_set(err, RC_RANGE, "ledger: schema %s is newer than this program's %d", text,
                       LEDGER_SCHEMA_VERSION);
    return RC_OK;
}

/*
 * A file that does not end with a whole page was cut: SQLite would read zeros for what is missing.
 * Where there is a log the end may merely not have been written back yet, and the log has it.
 */
static enum rc
check_size(const struct sql_ledger *l, struct err *err)
{
    struct fs_stat wal = {0};
    char text[32] = "";
    int64_t page = 0;
    enum rc rc = look(l, "-wal", &wal, err);

    if (rc == RC_OK) rc = pragma(l->db, "PRAGMA page_size", text, sizeof(text), err);
    if (rc != RC_OK || wal.size > 0) return rc;
    if (str_to_i64(text, &page) && page > 0 && l->file.size % page == 0) return RC_OK;
    return err_set(err, RC_PARSE, "ledger: its last page was cut");
}

static enum rc
check_pages(sqlite3 *db, struct err *err)
{
    char text[200] = "";
    enum rc rc = pragma(db, "PRAGMA quick_check(1)", text, sizeof(text), err);

    if (rc != RC_OK) return rc;
    return str_eq(text, "ok") ? RC_OK : err_set(err, RC_PARSE, "ledger: %s", text);
}

/* A statement that does not compile misses its table or column. */
static enum rc
prepare(struct sql_ledger *l, struct err *err)
{
    enum rc rc = sql_prepare(l, err);

    if (rc != RC_IO || (sqlite3_errcode(l->db) & 0xff) != SQLITE_ERROR) return rc;
    return err_set(err, RC_PARSE, "ledger: tables are missing");
}

/* Positions out of bounds in the book mean rows that we did not write. */
static enum rc
fold(struct sql_ledger *l, struct err *err)
{
    enum rc rc = fills_book_ready(l, err);

    return rc == RC_RANGE ? err_set(err, RC_PARSE, "ledger: its fills lead out of bounds") : rc;
}

static enum rc
set_up(struct sql_ledger *l, struct err *err)
{
    char rebuilt[ISO_TEXT_MAX] = "";
    enum rc rc = check_version(l->db, err);

    if (rc == RC_OK) rc = check_size(l, err);
    if (rc == RC_OK && !l->is_read_only && sqlite3_db_readonly(l->db, "main") == 1)
        rc = err_set(err, RC_IO, "ledger: %s may not be written", l->path);
    if (rc == RC_OK && !l->is_read_only)
        rc = sql_exec(l->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;", err);
    if (rc == RC_OK)
        rc = sql_exec(
            l->db,
            "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;",
            err);
    if (rc == RC_OK) rc = check_pages(l->db, err);
    if (rc == RC_OK) rc = prepare(l, err);
    if (rc == RC_OK) rc = fold(l, err);
    if (rc == RC_OK) rc = look(l, "-wal", &l->wal, err); /* made by the first read, if not before */
    if (rc == RC_OK) rc = look(l, "-shm", &l->shm, err);
    if (rc != RC_OK) return rc;

    rc = sql_meta_get(l, "rebuilt", rebuilt, sizeof(rebuilt), err);
    l->is_rebuilt = rc == RC_OK;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* Opens what stands at the path.  RC_PARSE: it is no sound ledger. */
static enum rc
connect_to(struct sql_ledger *l, struct err *err)
{
    int flags = (l->is_read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;

    l->is_damaged = false;
    l->wal = l->shm = (struct fs_stat){0};
    enum rc rc = look(l, "", &l->file, err);
    if (rc != RC_OK) return rc;
    if (!l->file.exists) return err_set(err, RC_NOT_FOUND, "ledger: no %s", l->path);
    if (l->file.is_dir) return err_set(err, RC_PARSE, "ledger: %s is a directory", l->path);
    if (l->file.size == 0) return err_set(err, RC_PARSE, "ledger: %s is empty", l->path);
    if (!l->is_read_only) {
        clear_bad_shm(l);
        rc = check_wal(l, err);
        if (rc != RC_OK) return rc;
    }

    if (sqlite3_open_v2(l->db_path, &l->db, flags, NULL) != SQLITE_OK)
        rc = l->db == NULL ? err_set(err, RC_NOMEM, "ledger: no memory")
                           : sql_error(NULL, l->db, err, "open");
    if (rc == RC_OK) {
        (void)sqlite3_busy_timeout(l->db, (int)l->busy_ms); /* fails only for a closed connection */
        rc = set_up(l, err);
    }
    if (rc == RC_OK) return RC_OK;

    int code = l->db == NULL ? SQLITE_NOMEM : sqlite3_errcode(l->db);
    disconnect(l, rc == RC_PARSE);
    return judge_refusal(l, rc, code, err);
}

/* ---- beginning anew ------------------------------------------------------------------------ */

/* A complete, empty ledger at <path>.new: it is renamed into place, and no half-made one ever
 * stands there.
 */
static enum rc
make_new(const struct sql_ledger *l, bool is_rebuilt, struct err *err)
{
    CLEANUP(text_free) struct text db_path = {0};
    sqlite3 *db = NULL;
    enum rc rc = RC_OK;

    remove_suffix(l, ".new");
    remove_suffix(l, ".new-journal");
    text_printf(&db_path, "%s.new", l->db_path);
    if (sqlite3_open_v2(text_str(&db_path), &db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXRESCODE,
                        NULL) != SQLITE_OK)
        rc = db == NULL ? err_set(err, RC_NOMEM, "ledger: no memory")
                        : sql_error(NULL, db, err, "create");
    if (rc == RC_OK) rc = sql_exec(db, "PRAGMA synchronous = FULL", err);
    if (rc == RC_OK) rc = sql_create_schema(db, is_rebuilt, clock_now(l->clock), err);
    int code = sqlite3_close(db);
    ASSERT(code == SQLITE_OK);
    return rc;
}

/* Moves the file and its -wal and -shm to names that SQLite would find together again. */
static enum rc
set_aside(const struct sql_ledger *l, struct text *ret_backup, struct err *err)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    enum rc rc = aside_name(l->fs, l->path, "corrupted", "", when_to_s(clock_now(l->clock)),
                            ret_backup, err);

    for (size_t i = 0; i < COUNT_OF(suffixes) && rc == RC_OK; i++) {
        struct fs_stat st = {0};

        rc = look(l, suffixes[i], &st, err);
        if (rc == RC_OK && st.exists)
            rc = rename_suffix(l, suffixes[i], text_str(ret_backup), suffixes[i], err);
    }
    return rc;
}

static void
log_rebuilt(const struct sql_ledger *l, const struct text *backup, const char *error,
            bool is_rescued)
{
    log_event(l->log, EV_LEDGER_REBUILT, F_STR("path", l->path), F_STR("backup", text_str(backup)),
              F_STR("error", error), F_BOOL("rescued", is_rescued));
}

/*
 * A bad ledger makes way for an empty one, which knows that it is one.
 *
 * The new one is complete before the old one is moved: a process killed in between leaves it as
 * <path>.new, and the next start goes on from there.
 */
static enum rc
rebuild(struct sql_ledger *l, const char *why, struct err *err)
{
    CLEANUP(text_free) struct text backup = {0};
    enum rc rc = make_new(l, true, err);

    if (rc == RC_OK) rc = set_aside(l, &backup, err);
    if (rc == RC_OK) rc = rename_suffix(l, ".new", l->path, "", err);
    if (rc == RC_OK) rc = connect_to(l, err);
    if (rc == RC_OK) log_rebuilt(l, &backup, why, false);
    return rc;
}

/* Nothing stands at the path. */
static enum rc
begin(struct sql_ledger *l, struct err *err)
{
    struct fs_stat wal = {0}, fresh = {0};
    enum rc rc = look(l, "-wal", &wal, err);

    if (rc == RC_OK) rc = look(l, ".new", &fresh, err);
    if (rc != RC_OK) return rc;
    /* A log without its ledger: there was one.  SQLite would write that log into the new one. */
    if (wal.exists) return rebuild(l, "the file is gone, its log is not", err);
    if (!fresh.exists || fresh.size == 0 || fresh.is_dir) rc = make_new(l, false, err);
    if (rc == RC_OK) rc = rename_suffix(l, ".new", l->path, "", err);
    return rc == RC_OK ? connect_to(l, err) : rc;
}

static enum rc
open_for_writing(struct sql_ledger *l, struct err *err)
{
    struct err why = {0};
    enum rc rc = connect_to(l, &why);

    if (rc == RC_NOT_FOUND) rc = begin(l, &why);
    if (rc == RC_PARSE) {
        CLEANUP(text_free) struct text words = {0};

        text_puts(&words, why.text);
        rc = rebuild(l, text_str(&words), &why);
    }
    return rc == RC_OK ? RC_OK : err_set(err, rc, "%s", why.text);
}

/* ---- an open ledger whose file was taken away ---------------------------------------------- */

/* All rows as the open connection still sees them, as a ledger at <path>.new. */
static enum rc
rescue(const struct sql_ledger *l, struct err *err)
{
    CLEANUP(text_free) struct text name = {0};
    CLEANUP(text_free) struct text bytes = {0};

    remove_suffix(l, ".rescue");
    char *sql = sqlite3_mprintf("VACUUM INTO '%q.rescue'", l->db_path);
    if (sql == NULL) return err_set(err, RC_NOMEM, "ledger: no memory");
    enum rc rc = sql_exec(l->db, sql, err);
    sqlite3_free(sql);

    /* SQLite does not sync what it copies: written once more, this time to stay. */
    text_printf(&name, "%s.rescue", l->path);
    if (rc == RC_OK)
        rc = l->fs->read_all(l->fs->self, text_str(&name), RESCUE_BYTES_MAX, &bytes, err);
    remove_suffix(l, ".rescue");
    text_clear(&name);
    text_printf(&name, "%s.new", l->path);
    if (rc == RC_OK)
        rc = l->fs->replace(l->fs->self, text_str(&name), text_str(&bytes), bytes.len, false, err);
    return rc;
}

static enum rc
put_rescued(struct sql_ledger *l, const struct ledger_book *before, const char *why,
            struct err *err)
{
    CLEANUP(text_free) struct text backup = {0};
    enum rc rc = set_aside(l, &backup, err);

    if (rc == RC_OK) rc = rename_suffix(l, ".new", l->path, "", err);
    if (rc == RC_OK) rc = connect_to(l, err);
    if (rc == RC_OK) rc = ledger_book_compare(before, &l->book, err);
    if (rc == RC_OK) log_rebuilt(l, &backup, why, true);
    return rc;
}

static enum rc
heal(struct sql_ledger *l, const char *why, struct err *err)
{
    CLEANUP(ledger_book_done) struct ledger_book before = l->book;
    bool is_rescued = !l->is_damaged && l->is_book_loaded && rescue(l, NULL) == RC_OK;

    l->book = (struct ledger_book){0}; /* it is `before` now */
    disconnect(l, true);
    if (!is_rescued) return rebuild(l, why, err);
    enum rc rc = put_rescued(l, &before, why, err);
    if (rc != RC_PARSE && rc != RC_RANGE) return rc;
    disconnect(l, true);
    return rebuild(l, why, err);
}

/*
 * Still the file beside the ledger that it was when we opened it?  Otherwise what we write goes
 * into one that has no name any more, and a crash would lose it.
 */
static bool
is_companion_there(const struct sql_ledger *l, const char *suffix, const struct fs_stat *known)
{
    struct fs_stat st = {0};

    if (l->is_read_only || look(l, suffix, &st, NULL) != RC_OK) return true;
    return !known->exists || (st.exists && !st.is_dir && st.inode == known->inode);
}

static bool
are_companions_there(const struct sql_ledger *l)
{
    return is_companion_there(l, "-wal", &l->wal) && is_companion_there(l, "-shm", &l->shm);
}

enum rc
file_ready(struct sql_ledger *l, struct err *err)
{
    struct fs_stat st = {0};

    if (l->db == NULL) return l->is_read_only ? connect_to(l, err) : open_for_writing(l, err);
    enum rc rc = look(l, "", &st, err);
    if (rc != RC_OK) return rc;
    bool is_same = st.exists && !st.is_dir && st.inode == l->file.inode && st.size >= l->file.size;
    bool is_whole = is_same && are_companions_there(l);
    if (is_whole && !l->is_damaged) {
        l->file = st;
        return RC_OK;
    }
    if (l->is_read_only) {
        disconnect(l, true);
        return connect_to(l, err);
    }
    return heal(l,
                l->is_damaged ? "damaged pages"
                : is_same     ? "its log was taken away"
                : st.exists   ? "the file was replaced"
                              : "the file is gone",
                err);
}

/* ---- opening and closing ------------------------------------------------------------------- */

enum rc
ledger_open(const struct ledger_options *opt, struct sql_ledger **ret_ledger, struct err *err)
{
    struct sql_ledger *l = calloc(1, sizeof(*l));
    const char *path = opt->path == NULL ? LEDGER_PATH : opt->path;

    if (l == NULL) return err_set(err, RC_NOMEM, "ledger: no memory");
    l->fs = opt->fs;
    l->clock = opt->clock;
    l->log = opt->log;
    l->path = joined(path, "", "");
    l->db_path = joined(opt->root, "/", path);
    l->is_read_only = opt->is_read_only;
    l->busy_ms = opt->busy_ms == 0 ? LEDGER_BUSY_MS : opt->busy_ms;

    enum rc rc = file_ready(l, err);
    if (rc != RC_OK) {
        ledger_close(l);
        return rc;
    }
    *ret_ledger = l;
    return RC_OK;
}

void
ledger_close(struct sql_ledger *l)
{
    if (l == NULL) return;
    disconnect(l, false);
    free(l->path);
    free(l->db_path);
    free(l);
}
