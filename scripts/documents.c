#include "scripts/documents.h"

#include "scripts/command.h"

const struct json *
documents_read(struct documents *d, const char *path, const char *made_by)
{
    /* A file whose owner keeps a previous generation heals from it. */
    const struct store_spec spec = {.path = path, .default_json = "{}", .has_prev = true};
    struct document_input *in = &d->input[d->len];

    ASSERT(d->len < DOCUMENTS_MAX);
    d->len++;
    *in = (struct document_input){.path = path, .made_by = made_by};
    in->doc = store_load(&d->job->runner.store, &spec, &in->origin);
    return in->doc;
}

static enum rc
check(int schema, const struct json *doc, struct err *err)
{
    return schema == DOCUMENT_OF_NO_SCHEMA ? RC_OK : schema_check((enum schema)schema, doc, err);
}

int
documents_write(const struct documents *d, const char *path, int schema, const struct text *json,
                struct err *err)
{
    const struct store_spec spec = {.path = path, .default_json = "{}"};
    CLEANUP(json_freep) struct json *doc = NULL;
    CLEANUP(text_free) struct text pretty = {0};

    enum rc rc = json_parse(text_str(json), json->len, JSON_STRICT, &JSON_LIMITS_FILE, &doc, err);
    if (rc == RC_OK) rc = check(schema, doc, err);
    if (rc != RC_OK) {
        (void)err_wrap(err, "%s would not be sound", path);
        return JOB_EXIT_INTERNAL;
    }
    json_pretty(&pretty, doc, JSON_SORTED);
    if (d->job->is_dry) {
        if (!d->job->is_json) (void)printf("%s\n", text_str(&pretty));
        return EXIT_DONE;
    }
    return store_save(&d->job->runner.store, &spec, &pretty, err) == RC_OK ? EXIT_DONE
                                                                           : EXIT_FAILED;
}

static const char *
origin_word(enum store_origin o)
{
    if (o == STORE_FILE) return "ok";
    return o == STORE_MISSING ? "missing" : o == STORE_PREV ? "healed" : "damaged";
}

/* These documents tell of the present: a date alone makes no other day of it. */
static void
say_date(const struct job *job)
{
    struct date today = when_to_civil(job->now_ns).date;
    char text[ISO_TEXT_MAX];

    if (job->is_date_given && date_cmp(job->date, today) != 0)
        (void)fprintf(stderr, "%s: the document is of %s; --as-of dates it otherwise\n",
                      job->spec->name, date_text(today, text));
}

void
documents_say(const struct documents *d)
{
    struct json_out *o = &d->job->summary;

    say_date(d->job);

    json_out_obj(o, "inputs");
    for (size_t i = 0; i < d->len; i++)
        json_out_str(o, d->input[i].path, origin_word(d->input[i].origin));
    json_out_end(o);
    for (size_t i = 0; i < d->len; i++) {
        const struct document_input *in = &d->input[i];

        if (in->origin == STORE_FILE) continue;
        if (in->origin == STORE_MISSING && in->made_by == NULL) continue;
        (void)fprintf(stderr, "%s: %s is %s", d->job->spec->name, in->path,
                      origin_word(in->origin));
        if (in->made_by != NULL) (void)fprintf(stderr, "; %s writes it", in->made_by);
        (void)fputc('\n', stderr);
    }
}

void
documents_done(struct documents *d)
{
    for (size_t i = 0; i < d->len; i++)
        json_free(d->input[i].doc);
    arena_done(&d->arena);
    *d = (struct documents){0};
}
