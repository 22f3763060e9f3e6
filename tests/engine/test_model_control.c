/*
 * The operator's word over the whole order path: obeyed in the next cycle, kept over restarts,
 * never lost to damage.
 */
#include "tests/engine/model_fixture.h"

#include <math.h>

static void
heartbeat_says(struct model *m, const char *words)
{
    CLEANUP(text_free) struct text bytes = {0};
    struct err err = {0};

    if (m->fs.read_all(m->fs.self, HEARTBEAT_PATH, 1 << 20, &bytes, &err) != RC_OK)
        fail_msg("%s", err.text);
    if (strstr(text_str(&bytes), words) == NULL) fail_msg("%s: %s", words, text_str(&bytes));
}

static void
test_control_halt_stops_entries_and_exits_within_a_cycle(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});
    int64_t qty = enter(m);
    size_t posted = m->posted_len;

    cycle_with(m, DIRECTION_NONE, false);
    model_control(m, CONTROL_ALL, 0);
    for (int i = 0; i < 5; i++) {
        m->signal[1] = DIRECTION_BULLISH;
        cycle_with(m, DIRECTION_NONE, true);
        model_ticks(m, 10);
    }
    assert_int_equal(m->posted_len, posted);
    assert_int_equal(model_broker_qty(m, MODEL_SYMBOL[F_SIGNAL]), qty);
    heartbeat_says(m, "\"rung\":\"reconcile_only\",\"rung_reason\":\"operator_halt\",\"operator\":"
                      "{\"halt\":\"all\",\"reason\":\"the model's\",\"who\":\"operator\"");

    model_drop(m); /* over a restart */
    model_start(m);
    cycle_with(m, DIRECTION_NONE, true);
    model_ticks(m, 10);
    assert_int_equal(m->posted_len, posted);

    model_control(m, CONTROL_EXITS_ONLY, 0); /* the close goes, the entry does not */
    cycle_with(m, DIRECTION_NONE, true);
    assert_int_equal(m->posted_len, posted + 1);
    model_control(m, CONTROL_NONE, 0);
    model_ticks(m, 30);
    m->signal[1] = DIRECTION_BULLISH;
    cycle_with(m, DIRECTION_NONE, true);
    assert_int_equal(m->posted_len, posted + 2);
    model_quiet(m);
    assert_kept(m);
}

static void
test_control_halt_makes_no_further_attempt_of_a_working_entry(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    cycle_with(m, DIRECTION_BULLISH, false);
    assert_int_equal(m->sim.book.open_len, 1);
    model_control(m, CONTROL_EXITS_ONLY, 0);
    cycle_with(m, DIRECTION_BULLISH, false);
    model_ticks(m, 30);
    assert_int_equal(m->posted_len, 1);
    assert_int_equal(m->sim.book.open_len, 0);
    assert_int_equal(model_broker_qty(m, MODEL_SYMBOL[F_SIGNAL]), 0);
    model_quiet(m);
    assert_kept(m);
}

static void
test_control_freeze_makes_no_further_attempt_in_the_symbol(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    m->signal[1] = DIRECTION_BULLISH;
    cycle_with(m, DIRECTION_BULLISH, false);
    assert_int_equal(m->sim.book.open_len, 2);
    model_control(m, CONTROL_NONE, 1 << F_SIGNAL);
    cycle_with(m, DIRECTION_BULLISH, false);
    model_ticks(m, 10);
    size_t of_f = 0;
    for (size_t i = 0; i < m->posted_len; i++)
        of_f += strstr(m->posted[i].client_id, "-F-") != NULL ? 1 : 0;
    assert_int_equal(of_f, 1);
    assert_true(m->posted_len > 2); /* the other one goes on */
    heartbeat_says(m, "\"frozen_symbols\":[\"F\"]");
    model_quiet(m);
    assert_kept(m);
}

static void
test_control_flat_closes_everything_once_through_the_exit_path(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    m->signal[1] = DIRECTION_BULLISH;
    (void)enter(m);
    m->signal[1] = DIRECTION_NONE;
    cycle_with(m, DIRECTION_NONE, false);
    assert_true(model_broker_qty(m, MODEL_SYMBOL[1]) > 0);
    size_t posted = m->posted_len;
    model_control(m, CONTROL_FLAT, 0);
    for (int i = 0; i < 5; i++) {
        m->signal[2] = DIRECTION_BULLISH;
        cycle_with(m, DIRECTION_BULLISH, false);
        model_ticks(m, 20);
    }
    assert_int_equal(m->posted_len, posted + 2);
    assert_int_equal(model_broker_qty(m, MODEL_SYMBOL[0]), 0);
    assert_int_equal(model_broker_qty(m, MODEL_SYMBOL[1]), 0);
    assert_int_equal(model_lines(m, "logs/exits.jsonl", "operator_flat", ""), 2);
    model_quiet(m);
    assert_kept(m);
}

static void
damage(struct model *m)
{
    struct err err = {0};

    assert_int_equal(m->fs.replace(m->fs.self, CONTROL_PATH, "{\"ha", 4, false, &err), RC_OK);
}

static void
test_control_is_not_lost_to_damage(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});
    struct err err = {0};

    damage(m); /* nothing was ordered, as far as this engine knows: it halts */
    cycle_with(m, DIRECTION_BULLISH, false);
    assert_int_equal(m->posted_len, 0);
    heartbeat_says(m, "\"rung_reason\":\"operator_exits_only\"");
    model_drop(m); /* and the next one does */
    model_start(m);
    cycle_with(m, DIRECTION_BULLISH, false);
    assert_int_equal(m->posted_len, 0);

    /* What is known is written back, after damage and after a loss. */
    for (int i = 0; i < 2; i++) {
        model_control(m, CONTROL_ALL, 1);
        cycle_with(m, DIRECTION_BULLISH, false);
        if (i == 0)
            damage(m);
        else
            assert_int_equal(m->fs.remove(m->fs.self, CONTROL_PATH, &err), RC_OK);
        cycle_with(m, DIRECTION_BULLISH, false);
        model_drop(m);
        model_start(m);
        cycle_with(m, DIRECTION_BULLISH, false);
        heartbeat_says(m, "\"halt\":\"all\",\"reason\":\"the model's\"");
        heartbeat_says(m, "\"frozen_symbols\":[\"F\"]");
    }
    assert_int_equal(m->posted_len, 0);
    model_control(m, CONTROL_NONE, 0);
    cycle_with(m, DIRECTION_BULLISH, false);
    assert_int_equal(m->posted_len, 1);
    model_quiet(m);
    assert_kept(m);
}

/* An order that comes between the reading and the writing of a cycle stands. */
static void
test_control_file_is_never_written_over(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});
    struct engine *eng = &m->process->engine;
    const struct engine_seams *s = &eng->seams;
    struct err err = {0};

    model_control(m, CONTROL_EXITS_ONLY, 0);
    cycle_with(m, DIRECTION_NONE, false);
    assert_int_equal(m->fs.remove(m->fs.self, CONTROL_PATH, &err), RC_OK);
    memory_sync(&eng->memory, &s->fs, &s->store, &s->log, m->time.now_ns);
    model_control(m, CONTROL_FLAT, 0);
    memory_flush(&eng->memory, &s->fs, &s->store, &s->log, m->time.now_ns);
    memory_sync(&eng->memory, &s->fs, &s->store, &s->log, m->time.now_ns);
    assert_int_equal(eng->memory.control.level, CONTROL_FLAT);
    model_control(m, CONTROL_NONE, 0);
    model_quiet(m);
    assert_kept(m);
}

/* ---- files that people may edit under a lock (spec 10 8.7, R8.9) -------------------------------
 */

struct door {
    const char *held; /* path of the lock that somebody else has, "" for none */
    int ours;         /* locks that we hold at the moment */
};

static enum rc
door_acquire(void *self, const char *path, int64_t wait_ms, struct lock *ret_lock, struct err *err)
{
    struct door *d = self;

    assert_int_equal(wait_ms, 0); /* an editor may stay open all day */
    if (str_eq(path, d->held)) return err_set(err, RC_BUSY, "%s is held", path);
    ret_lock->fd = 1;
    d->ours++;
    return RC_OK;
}

static void
door_release(void *self, struct lock *lock)
{
    ((struct door *)self)->ours--;
    *lock = LOCK_NONE;
}

/* The model's engine with locks; kept over its restarts by nobody. */
static struct engine *
with_door(struct model *m, struct door *d)
{
    struct engine *eng = &m->process->engine;

    eng->seams.locks = (struct locks){.self = d, .acquire = door_acquire, .release = door_release};
    eng->memory.locks = &eng->seams.locks;
    return eng;
}

static void
put(struct model *m, const char *path, const char *json)
{
    struct err err = {0};

    assert_int_equal(m->fs.replace(m->fs.self, path, json, strlen(json), false, &err), RC_OK);
}

#define METADATA_PATH "state/position_metadata.json"
#define FREEZES_PATH  "state/governor_freezes.json"

/* While an editor has the position records, nothing is written over them and half of an edit is
 * taken for no damage; then what he left counts. */
static void
test_control_leaves_position_records_to_who_holds_their_lock(void **state)
{
    struct door d = {.held = ""};
    struct model *m = begin(*state, (struct model_options){0});
    struct engine *eng = with_door(m, &d);

    (void)enter(m);
    model_cycle(m, m->process);
    assert_non_null(metadata_find(&eng->memory.metadata, "F"));
    d.held = METADATA_PATH ".lock";
    put(m, METADATA_PATH, "{\"F\":{\"entry_sco");
    for (int i = 0; i < 3; i++)
        model_cycle(m, m->process);
    assert_string_equal(text_str(mem_fs_peek(m->disk, METADATA_PATH)), "{\"F\":{\"entry_sco");
    assert_true(metadata_find(&eng->memory.metadata, "F")->record.entry_score > 4);
    assert_int_equal(m->event[EV_STATE_FILE_HELD], 1);
    assert_int_equal(m->event[EV_STATE_SELF_HEALED], 0);
    put(m, METADATA_PATH, "{\"F\":{\"side\":\"buy\",\"qty\":1,\"entry_score\":3.25}}");
    d.held = "";
    model_cycle(m, m->process);
    assert_true(fabs(metadata_find(&eng->memory.metadata, "F")->record.entry_score - 3.25) < 1e-9);
    assert_int_equal(d.ours, 0);
    assert_kept(m);
}

/* A freeze that is being edited stops entries, for nobody knows what it will say. */
static void
test_control_freezes_that_are_edited_stop_entries(void **state)
{
    struct door d = {.held = ""};
    struct model *m = begin(*state, (struct model_options){0});
    (void)with_door(m, &d);

    cycle_with(m, DIRECTION_NONE, false);
    put(m, FREEZES_PATH, "{\"by_hand\":tru");
    d.held = FREEZES_PATH ".lock";
    cycle_with(m, DIRECTION_BULLISH, false);
    heartbeat_says(m, "\"freezes_unreadable\"");
    assert_int_equal(m->event[EV_STATE_SELF_HEALED], 0);
    put(m, FREEZES_PATH, "{\"by_hand\":true}");
    d.held = "";
    cycle_with(m, DIRECTION_BULLISH, false);
    heartbeat_says(m, "\"frozen\"");
    put(m, FREEZES_PATH, "{}");
    assert_int_equal(m->posted_len, 0);
    cycle_with(m, DIRECTION_BULLISH, false);
    assert_int_equal(m->posted_len, 1);
    assert_int_equal(d.ours, 0);
    model_quiet(m);
    assert_kept(m);
}

static void
freeze_ours(struct model *m)
{
    struct engine *eng = &m->process->engine;

    memory_freeze(&eng->memory,
                  &(struct freeze_order){.key = "daily_loss_dollar_limit",
                                         .reason = "daily_loss_dollar_limit",
                                         .is_day_scoped = true,
                                         .number = -2200.5,
                                         .threshold = -2200},
                  &eng->seams.log, m->time.now_ns);
}

/* R5.7: said once, with its numbers; what operators wrote beside it stays as they wrote it, however
 * often the file is written. */
static void
test_control_freeze_of_ours_stands_beside_those_of_operators(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});
    static const char theirs[] =
        "{\"by_hand\":true,\"let_go\":false,\"why\":{\"active\":false,\"timestamp\":"
        "\"2025-01-02T03:04:05+00:00\",\"details\":{\"ticket\":17},\"who\":\"Jane\"}";
    char whole[512];

    (void)snprintf(whole, sizeof(whole), "%s}", theirs);
    put(m, FREEZES_PATH, whole);
    cycle_with(m, DIRECTION_NONE, false);
    assert_int_equal(m->event[EV_FREEZE_ACTIVATED], 0);
    freeze_ours(m);
    freeze_ours(m);
    assert_int_equal(m->event[EV_FREEZE_ACTIVATED], 1);
    char iso[ISO_TEXT_MAX];
    (void)when_iso(m->time.now_ns, iso);
    cycle_with(m, DIRECTION_NONE, false);
    (void)snprintf(whole, sizeof(whole),
                   "%s,\"daily_loss_dollar_limit\":{\"active\":true,\"reason\":"
                   "\"daily_loss_dollar_limit\",\"timestamp\":\"%s\",\"details\":{\"number\":"
                   "-2200.5,\"threshold\":-2200},\"scope\":\"day\"}}",
                   theirs, iso);
    assert_string_equal(text_str(mem_fs_peek(m->disk, FREEZES_PATH)), whole);
    model_drop(m);
    model_start(m);
    cycle_with(m, DIRECTION_BULLISH, false);
    assert_string_equal(text_str(mem_fs_peek(m->disk, FREEZES_PATH)), whole);
    assert_int_equal(m->process->engine.memory.freezes.len, 4);
    assert_int_equal(m->event[EV_FREEZE_ACTIVATED], 1);
    assert_int_equal(m->posted_len, 0);
    assert_kept(m);
}

/* More freezes than we can hold stop entries, and none of them is lost to one of ours. */
static void
test_control_freezes_beyond_our_room_are_not_written_over(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});
    CLEANUP(text_free) struct text many = {0};

    for (int i = 0; i <= FREEZES_MAX; i++)
        text_printf(&many, "%c\"f%d\":false", i == 0 ? '{' : ',', i);
    text_puts(&many, "}");
    put(m, FREEZES_PATH, text_str(&many));
    cycle_with(m, DIRECTION_NONE, false);
    freeze_ours(m);
    cycle_with(m, DIRECTION_BULLISH, false);
    assert_string_equal(text_str(mem_fs_peek(m->disk, FREEZES_PATH)), text_str(&many));
    assert_int_equal(m->posted_len, 0);
    assert_kept(m);
}

/* A freeze that an operator sets between the reading and the writing of a cycle stands, although
 * the engine has one of its own to write. */
static void
test_control_freeze_of_an_operator_is_never_written_over(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});
    struct engine *eng = &m->process->engine;
    const struct engine_seams *s = &eng->seams;

    cycle_with(m, DIRECTION_NONE, false);
    freeze_ours(m);
    put(m, FREEZES_PATH, "{\"by_hand\":true}");
    memory_flush(&eng->memory, &s->fs, &s->store, &s->log, m->time.now_ns);
    assert_string_equal(text_str(mem_fs_peek(m->disk, FREEZES_PATH)), "{\"by_hand\":true}");
    assert_kept(m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        PATH_TEST(test_control_halt_stops_entries_and_exits_within_a_cycle),
        PATH_TEST(test_control_halt_makes_no_further_attempt_of_a_working_entry),
        PATH_TEST(test_control_freeze_makes_no_further_attempt_in_the_symbol),
        PATH_TEST(test_control_flat_closes_everything_once_through_the_exit_path),
        PATH_TEST(test_control_is_not_lost_to_damage),
        PATH_TEST(test_control_file_is_never_written_over),
        PATH_TEST(test_control_leaves_position_records_to_who_holds_their_lock),
        PATH_TEST(test_control_freezes_that_are_edited_stop_entries),
        PATH_TEST(test_control_freeze_of_an_operator_is_never_written_over),
        PATH_TEST(test_control_freeze_of_ours_stands_beside_those_of_operators),
        PATH_TEST(test_control_freezes_beyond_our_room_are_not_written_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
