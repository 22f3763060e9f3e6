#include "state/flight.h"

#include <inttypes.h>
#include <signal.h>
#include <unistd.h>

#define MAGIC UINT32_C(0x54485446) /* "FTHT" */
enum { VERSION = 1 };

struct page_step {
    int64_t mono_ns;
    uint32_t stage;
    int32_t code;
    char symbol[SYMBOL_MAX];
};

struct flight_page {
    uint32_t magic, version;
    int32_t pid;
    uint32_t is_orderly;
    int64_t epoch;
    uint64_t cycle;
    int64_t began_ns;
    uint64_t data_hash;
    uint32_t stage;
    uint32_t unused;
    char symbol[SYMBOL_MAX];
    uint64_t steps; /* ever; the next one goes to step[steps % FLIGHT_STEPS_MAX] */
    struct page_step step[FLIGHT_STEPS_MAX];
};
_Static_assert(sizeof(struct flight_page) <= FLIGHT_PAGE_SIZE, "one page");
_Static_assert(sizeof(struct page_step) == 32, "no padding");

/* ---- writing ------------------------------------------------------------------------------- */

/* What was stored is in memory before the work it tells of begins: the compiler may not put it off.
 */
static inline void
settle(void)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static void
put_symbol(char dst[SYMBOL_MAX], const char *symbol)
{
    (void)str_copy(dst, SYMBOL_MAX, symbol == NULL ? "" : symbol); /* valid ones fit */
}

static void
put_step(struct flight *f, int code, const char *symbol)
{
    struct page_step *s = &f->page->step[f->page->steps % FLIGHT_STEPS_MAX];

    s->mono_ns = clock_mono(f->clock);
    s->stage = f->page->stage;
    s->code = code;
    put_symbol(s->symbol, symbol);
    f->page->steps++;
    settle();
}

void
flight_begin(struct flight *f, void *page, const struct clock *clock, int64_t epoch)
{
    *f = (struct flight){.page = page, .clock = clock};
    if (page == NULL) return;
    memset(page, 0, FLIGHT_PAGE_SIZE);
    f->page->version = VERSION;
    f->page->pid = (int32_t)getpid();
    f->page->epoch = epoch;
    f->page->began_ns = clock_now(clock);
    f->page->stage = STAGE_START;
    settle();
    f->page->magic = MAGIC; /* last: a half-made page is none */
    settle();
}

void
flight_cycle(struct flight *f, uint64_t cycle)
{
    if (f->page == NULL) return;
    f->page->cycle = cycle;
    settle();
}

void
flight_at(struct flight *f, enum stage stage, const char *symbol)
{
    if (f->page == NULL) return;
    f->page->stage = (uint32_t)stage;
    f->page->data_hash = 0;
    put_symbol(f->page->symbol, symbol);
    put_step(f, 0, symbol);
}

void
flight_data(struct flight *f, uint64_t hash)
{
    if (f->page == NULL) return;
    f->page->data_hash = hash;
    settle();
}

void
flight_note(struct flight *f, int code, const char *symbol)
{
    if (f->page != NULL) put_step(f, code, symbol);
}

void
flight_end(struct flight *f)
{
    if (f->page == NULL) return;
    f->page->is_orderly = 1;
    settle();
}

/* ---- reading ------------------------------------------------------------------------------- */

static void
get_symbol(char dst[SYMBOL_MAX], const char src[SYMBOL_MAX])
{
    memcpy(dst, src, SYMBOL_MAX);
    dst[SYMBOL_MAX - 1] = '\0';
    if (!symbol_valid(dst)) memset(dst, 0, SYMBOL_MAX);
}

static void
get_steps(const struct flight_page *p, struct flight_report *r)
{
    uint64_t n = MIN(p->steps, (uint64_t)FLIGHT_STEPS_MAX);

    for (uint64_t i = p->steps - n; i != p->steps; i++) {
        const struct page_step *s = &p->step[i % FLIGHT_STEPS_MAX];
        struct flight_step *to = &r->step[r->steps_len];

        if (s->stage >= STAGES_LEN) continue;
        *to = (struct flight_step){
            .mono_ns = s->mono_ns, .stage = (enum stage)s->stage, .code = s->code};
        get_symbol(to->symbol, s->symbol);
        r->steps_len++;
    }
}

enum rc
flight_read(const void *bytes, size_t len, struct flight_report *ret_report, struct err *err)
{
    struct flight_page p;

    if (len < sizeof(p)) return err_set(err, RC_PARSE, "flight page: only %zu bytes", len);
    memcpy(&p, bytes, sizeof(p));
    if (p.magic != MAGIC || p.version != VERSION)
        return err_set(err, RC_PARSE, "flight page: no record of this version");
    if (p.pid <= 0 || p.stage >= STAGES_LEN) return err_set(err, RC_PARSE, "flight page: damaged");

    struct flight_report r = {.pid = p.pid,
                              .epoch = p.epoch,
                              .cycle = p.cycle,
                              .stage = (enum stage)p.stage,
                              .data_hash = p.data_hash,
                              .began_ns = p.began_ns,
                              .is_orderly = p.is_orderly != 0};
    get_symbol(r.symbol, p.symbol);
    get_steps(&p, &r);
    *ret_report = r;
    return RC_OK;
}

void
flight_describe(const struct flight_report *r, struct text *to)
{
    text_printf(to, "pid %d epoch %" PRId64 " %s in cycle %" PRIu64 ", stage %s%s%s\n", r->pid,
                r->epoch, r->is_orderly ? "ended in order" : "died", r->cycle, stage_name(r->stage),
                r->symbol[0] == '\0' ? "" : ", symbol ", r->symbol);
    for (size_t i = 0; i < r->steps_len; i++) {
        const struct flight_step *s = &r->step[i];
        /* Milliseconds before the last step; clocks of a damaged page may say anything. */
        double before_ms = ((double)r->step[r->steps_len - 1].mono_ns - (double)s->mono_ns) / 1e6;

        text_printf(to, "  -%.3f ms %s %s", before_ms, stage_name(s->stage), s->symbol);
        if (s->code != 0) text_printf(to, " code %d", s->code);
        text_putc(to, '\n');
    }
}

/* ---- how it ended -------------------------------------------------------------------------- */

const char *
flight_exit_text(const struct flight_exit *e, char buf[FLIGHT_EXIT_TEXT_MAX])
{
    (void)snprintf(buf, FLIGHT_EXIT_TEXT_MAX, "pid=%d code=%d watchdog=%d", e->pid, e->code,
                   e->by_watchdog);
    return buf;
}

/* The integer behind "<name>=", up to a blank or the end. */
static bool
number_of(const char *text, const char *name, int *ret_value)
{
    char word[FLIGHT_EXIT_TEXT_MAX];
    int64_t value = 0;
    const char *at = strstr(text, name);

    if (at == NULL || !str_copy(word, sizeof(word), at + strlen(name))) return false;
    word[strcspn(word, " ")] = '\0';
    if (!str_to_i64(word, &value) || value < INT32_MIN || value > INT32_MAX) return false;
    *ret_value = (int)value;
    return true;
}

struct flight_exit
flight_exit_from(const char *text)
{
    struct flight_exit e = {0};
    int watchdog = 0;

    if (text == NULL || !number_of(text, "pid=", &e.pid) || !number_of(text, "code=", &e.code) ||
        !number_of(text, "watchdog=", &watchdog))
        return (struct flight_exit){0};
    e.by_watchdog = watchdog != 0;
    e.is_known = true;
    return e;
}

bool
flight_is_fault(const struct flight_report *r, const struct flight_exit *e)
{
    static const int crashes[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSYS, SIGTRAP};
    enum {
        EXIT_UNUSABLE_CONFIG = 78 /* asks not to be started again; no fault of a stage */
    };

    if (!e->is_known || e->pid != r->pid || r->is_orderly) return false;
    if (e->by_watchdog) return true;
    if (e->code > 0) return e->code != EXIT_UNUSABLE_CONFIG;
    for (size_t i = 0; i < COUNT_OF(crashes); i++)
        if (e->code == -crashes[i]) return true;
    return false;
}
