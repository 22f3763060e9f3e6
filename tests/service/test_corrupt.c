/*
 * Every state file of a running day in turn becomes something else: nothing, zero bytes, half of
 * itself, random bytes, the wrong kind of JSON, a directory, a file without permissions.  The day
 * goes on, the bad bytes are kept, and one event tells of each.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "tests/lib/check.h"
#include "tests/lib/day_check.h"

enum { FILES_MAX = 64, HEAL_S = 15, UNSEEN_MS = 300, UNSEEN_MAX = 20 };

enum damage { GONE, EMPTY, HALF, RANDOM, WRONG_KIND, DIRECTORY, UNREADABLE, DAMAGES_LEN };

static const char *const DAMAGE[DAMAGES_LEN] = {"nothing",      "zero bytes", "half its bytes",
                                                "random bytes", "wrong kind", "a directory",
                                                "no permission"};

/* What must happen before the file is looked at again. */
enum trigger {
    TRIGGER_NONE,   /* a cycle */
    TRIGGER_ENGINE, /* the next engine */
    TRIGGER_DAEMON, /* the next daemon */
    TRIGGER_HEALTH, /* a service whose health changes */
};

enum keeping {
    KEEPS_EVIDENCE, /* one event state_self_healed, and the bytes as *.corrupted.* */
    KEEPS_NOTHING,  /* a hint, a cache, a generation: comes back or is not missed */
};

struct rule {
    const char *ends_with;
    enum trigger trigger;
    enum keeping keeping;
};

/* The first that fits; anything else is healed in a cycle. */
static const struct rule RULES[] = {
    {"state/engine.epoch",        TRIGGER_ENGINE, KEEPS_EVIDENCE},
    {"state/quarantine.json",     TRIGGER_ENGINE, KEEPS_EVIDENCE},
    {"state/health.json",         TRIGGER_HEALTH, KEEPS_EVIDENCE},
    {"state/flight.page",         TRIGGER_ENGINE, KEEPS_EVIDENCE},
    {"state/engine.lock",         TRIGGER_ENGINE, KEEPS_NOTHING },
    {"state/uw_flow_daemon.lock", TRIGGER_DAEMON, KEEPS_NOTHING },
    {".lock",                     TRIGGER_NONE,   KEEPS_NOTHING },
    {".flock",                    TRIGGER_NONE,   KEEPS_NOTHING },
    {".prev",                     TRIGGER_NONE,   KEEPS_NOTHING },
    {".jsonl",                    TRIGGER_NONE,   KEEPS_NOTHING },
    {"",                          TRIGGER_NONE,   KEEPS_EVIDENCE},
};

struct file {
    char path[96]; /* under the root */
    char told[96]; /* whose path its events name */
    char kept[96]; /* how the name of what is kept begins */
    const struct rule *rule;
};

static struct day day;
static struct file files[FILES_MAX];
static size_t files_len;
static int64_t events_at; /* how far the events were read */
static pid_t engine, daemon_pid;

static int
teardown(void **state)
{
    (void)state;
    day_end(&day, false);
    return 0;
}

/* ---- which files there are ----------------------------------------------------------------- */

static const struct rule *
rule_of(const char *path)
{
    size_t i = 0;

    while (!str_ends(path, RULES[i].ends_with))
        i++;
    return &RULES[i];
}

static void
add_file(const char *path)
{
    struct stat st;

    for (size_t i = 0; i < files_len; i++)
        if (str_eq(files[i].path, path)) return;
    if (stat(day_path(&day, path), &st) != 0 || !S_ISREG(st.st_mode)) return;
    if (strstr(path, ".corrupted.") != NULL || strstr(path, ".tmp") != NULL) return;
    assert_true(files_len < FILES_MAX);
    struct file *f = &files[files_len++];
    bool is_ledger = str_starts(path, "state/ledger.db"); /* its log and index are healed with it */
    const char *told = is_ledger ? "state/ledger.db" : path;
    (void)str_copy(f->path, sizeof(f->path), path);
    (void)str_copy(f->told, sizeof(f->told), told);
    (void)snprintf(f->kept, sizeof(f->kept), "%s.corrupted.", strrchr(told, '/') + 1);
    f->rule = rule_of(path);
}

/* Whatever a running day has in state/, and the flow cache; kept answers of the vendor have tests
 * of their own. */
static void
list_files(void)
{
    DIR *dir = opendir(day_path(&day, "state"));

    assert_non_null(dir);
    for (const struct dirent *e = NULL; (e = readdir(dir)) != NULL;) {
        char path[128];

        if (snprintf(path, sizeof(path), "state/%s", e->d_name) < (int)sizeof(path)) add_file(path);
    }
    (void)closedir(dir);
    add_file("data/uw_flow_cache.json");
}

/* ---- damage -------------------------------------------------------------------------------- */

static void
random_bytes(struct rng *rng, size_t len, struct text *to)
{
    for (size_t i = 0; i < len; i++)
        text_putc(to, (char)rng_below(rng, 256));
}

/* What shall stand there; false where the damage is not made of bytes. */
static bool
bad_bytes(struct rng *rng, const struct file *f, enum damage how, struct text *to)
{
    CLEANUP(text_free) struct text now = {0};

    if (how == GONE || how == DIRECTORY) return false;
    (void)day_read(&day, f->path, &now);
    if (how == HALF) text_add(to, text_str(&now), now.len / 2);
    if (how == RANDOM) random_bytes(rng, MAX(now.len, 64), to);
    if (how == WRONG_KIND) text_puts(to, text_str(&now)[0] == '[' ? "{}" : "[]");
    if (how == UNREADABLE) text_add(to, text_str(&now), now.len);
    return true;
}

/* In one step, so that a program sees the old thing or the new one. */
static void
put_in_place(const struct file *f, enum damage how, const struct text *bytes)
{
    char made[DAY_PATH_MAX + 16];
    const char *path = day_path(&day, f->path);

    (void)snprintf(made, sizeof(made), "%s/damaged", day.dir);
    if (how == DIRECTORY) {
        assert_int_equal(mkdir(made, 0755), 0);
    } else {
        FILE *out = fopen(made, "we");

        assert_non_null(out);
        assert_int_equal(fwrite(text_str(bytes), 1, bytes->len, out), bytes->len);
        assert_int_equal(fclose(out), 0);
        assert_int_equal(chmod(made, how == UNREADABLE ? 0 : 0644), 0);
    }
    if (renameat2(AT_FDCWD, made, AT_FDCWD, path, RENAME_EXCHANGE) == 0)
        (void)remove(made);
    else if (errno != ENOENT || rename(made, path) != 0)
        day_fail(&day, "%s: %s", f->path, strerror(errno));
}

/* ---- healing ------------------------------------------------------------------------------- */

/* Of the last file asked about, since the question began. */
static int seen;

static void
note_event(void *ctx, const char *line)
{
    const struct file *f = ctx;
    const char *at = strstr(line, "\"path\":\"");
    size_t len = strlen(f->told);

    if (strstr(line, "\"event_type\":\"state_self_healed\"") == NULL &&
        strstr(line, "\"event_type\":\"ledger_rebuilt\"") == NULL)
        return;
    /* A lock or a log in the shape of a directory is told of when it is next needed. */
    if (strstr(line, "\"default_type\":\"lock\"") != NULL ||
        strstr(line, "\"default_type\":\"log\"") != NULL)
        return;
    if (at == NULL || strncmp(at + 8, f->told, len) != 0 || at[8 + len] != '"')
        day_fail(&day, "an event of another file: %s", line);
    seen++;
}

static int
events_of(struct file *f)
{
    day_each_new(&day, "logs/system_events.jsonl", &events_at, note_event, f);
    return seen;
}

/* A regular file that can be read; JSON where it is called so. */
static bool
is_sound(const struct file *f)
{
    struct stat st;

    if (stat(day_path(&day, f->path), &st) != 0 || !S_ISREG(st.st_mode) || (st.st_mode & 0400) == 0)
        return false;
    if (!str_ends(f->path, ".json") && !str_ends(f->path, ".epoch")) return true;
    CLEANUP(json_freep) struct json *doc = day_json(&day, f->path);
    return doc != NULL;
}

static bool
is_kept_copy(const char *path, enum damage how, const struct text *bytes)
{
    CLEANUP(text_free) struct text kept = {0};
    struct stat st;

    if (stat(path, &st) != 0) return false;
    if (how == DIRECTORY) return S_ISDIR(st.st_mode);
    if (!S_ISREG(st.st_mode)) return false;
    (void)chmod(path, 0600);
    check_read_file(path, &kept);
    return kept.len == bytes->len && memcmp(text_str(&kept), text_str(bytes), kept.len) == 0;
}

static bool
is_kept(const struct file *f, enum damage how, const struct text *bytes)
{
    char folder[128];
    bool is_found = false;

    (void)snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(f->path, '/') - f->path), f->path);
    DIR *dir = opendir(day_path(&day, folder));
    assert_non_null(dir);
    for (const struct dirent *e = NULL; (e = readdir(dir)) != NULL && !is_found;) {
        char path[3 * DAY_PATH_MAX];

        if (!str_starts(e->d_name, f->kept)) continue;
        (void)snprintf(path, sizeof(path), "%s/%s", day_path(&day, folder), e->d_name);
        is_found = is_kept_copy(path, how, bytes);
    }
    (void)closedir(dir);
    return is_found;
}

static void
next_life(enum day_who who, pid_t *pid)
{
    pid_t old = *pid;

    day_kill(&day, who);
    DAY_WAIT(&day, HEAL_S, (*pid = day_pid(&day, who)) != 0 && *pid != old);
}

static void
two_cycles(void)
{
    struct day_heartbeat last = day_heartbeat(&day);
    int64_t iter = last.pid == engine ? last.iter : 0;

    DAY_WAIT(&day, HEAL_S,
             day_heartbeat(&day).iter >= iter + 2 && day_heartbeat(&day).pid == engine);
}

/* Only a change is written at once, so an engine that was well must fall ill. */
static bool
is_engine_well(void)
{
    CLEANUP(json_freep) struct json *doc = day_json(&day, "state/health.json");

    return str_eq(json_str(json_get(doc, "services"), "trading-bot", ""), "OK");
}

static void
do_damage(struct rng *rng, const struct file *f, enum damage how, struct text *bytes)
{
    enum trigger trigger = f->rule->trigger;

    if (trigger == TRIGGER_HEALTH) DAY_WAIT(&day, HEAL_S, is_engine_well());
    text_clear(bytes);
    (void)bad_bytes(rng, f, how, bytes);
    if (how == GONE)
        assert_true(unlink(day_path(&day, f->path)) == 0 || errno == ENOENT);
    else
        put_in_place(f, how, bytes);
    if (trigger == TRIGGER_ENGINE || trigger == TRIGGER_HEALTH) next_life(DAY_ENGINE, &engine);
    if (trigger == TRIGGER_DAEMON) next_life(DAY_DAEMON, &daemon_pid);
}

/* True once it was told of; false where it stands there sound and nobody saw the damage. */
static bool
is_told(struct file *f)
{
    int64_t sound_ns = 0;
    int64_t until_ns = day_mono_ns() + HEAL_S * NS_PER_S;

    while (events_of(f) == 0) {
        if (day_mono_ns() > until_ns) day_fail(&day, "not healed after %d s", HEAL_S);
        if (!is_sound(f)) sound_ns = 0;
        if (sound_ns == 0 && is_sound(f)) sound_ns = day_mono_ns();
        if (sound_ns != 0 && day_mono_ns() - sound_ns > UNSEEN_MS * NS_PER_MS) return false;
        day_pause_ms(5);
    }
    DAY_WAIT(&day, HEAL_S, is_sound(f));
    return true;
}

/* A file that is gone may be healed from its last generation, with an event, or just come back. */
static void
lose(struct rng *rng, struct file *f)
{
    CLEANUP(text_free) struct text none = {0};

    do_damage(rng, f, GONE, &none);
    if (f->rule->keeping == KEEPS_EVIDENCE) DAY_WAIT(&day, HEAL_S, is_sound(f));
    two_cycles();
    if (events_of(f) > 1) day_fail(&day, "%d events", seen);
}

static void
damage(struct rng *rng, struct file *f, enum damage how)
{
    CLEANUP(text_free) struct text bytes = {0};

    if (f->rule->keeping == KEEPS_NOTHING) {
        do_damage(rng, f, how, &bytes);
        two_cycles();
        if (events_of(f) > 1) day_fail(&day, "%d events", seen); /* of a directory in its place */
        return;
    }
    /* What is written all the time may be written over just between a look and a rename. */
    for (int i = 0; do_damage(rng, f, how, &bytes), !is_told(f); i++)
        if (i == UNSEEN_MAX) day_fail(&day, "written over unseen %d times", i);
    if (!is_kept(f, how, &bytes)) day_fail(&day, "the bad bytes are not kept");
}

static void
try_one(struct rng *rng, struct file *f, enum damage how)
{
    int64_t began_ns = day_mono_ns();

    day_doing(&day, "%s, %s", f->path, DAMAGE[how]);
    seen = 0;
    if (events_of(f) != 0) day_fail(&day, "an event came late, or without damage");
    if (how == GONE)
        lose(rng, f);
    else
        damage(rng, f, how);
    if (f->rule->keeping == KEEPS_EVIDENCE && how != GONE && events_of(f) != 1)
        day_fail(&day, "%d events instead of one", seen);
    if (day_pid(&day, DAY_ENGINE) != engine) day_fail(&day, "another engine");
    /* A damaged freeze file freezes; the operator has looked and resumes. */
    if (str_ends(f->path, "governor_freezes.json")) day_write(&day, f->path, "{}\n", 3);
    if (getenv("TEST_TIMES") != NULL)
        (void)printf("%s: %lld ms\n", day.doing,
                     (long long)((day_mono_ns() - began_ns) / NS_PER_MS));
}

static void
test_service_heals_every_state_file(void **state)
{
    struct rng rng = check_rng("damage");

    (void)state;
    day_begin(&day, &(struct day_options){
                        .speed = 300, .env = (const char *const[]){"RUN_INTERVAL_SEC=15", NULL}
    });
    DAY_WAIT(&day, 30, day_events(&day, "fill", NULL) > 1);
    DAY_WAIT(&day, 30, access(day_path(&day, "state/trading_state.json.prev"), F_OK) == 0);
    engine = day_pid(&day, DAY_ENGINE);
    daemon_pid = day_pid(&day, DAY_DAEMON);
    list_files();
    DAY_CHECK(&day, files_len > 25);
    for (enum damage how = GONE; how < DAMAGES_LEN; how++)
        for (size_t i = 0; i < files_len; i++)
            try_one(&rng, &files[i], how);
    day_doing(&day, "after all damage");
    two_cycles();
    (void)printf("%zu files, %d ways each\n", files_len, DAMAGES_LEN);
    day_settle(&day);
    day_stop(&day);
    day_check_all(&day);
    day_end(&day, true);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_service_heals_every_state_file, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
