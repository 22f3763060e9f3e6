#include "base/json_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers ------------------------------------------------------------------------------- */

struct number_fix {
    const struct json_check *check;
    const char *bytes;
    size_t numbers; /* seen so far */
    size_t next;    /* note to come */
    const struct json_note *failed;
};

static void
number_set(struct number_fix *fix, cJSON *node)
{
    const struct json_note *note = &fix->check->note[fix->next++];
    char *text = cJSON_malloc(note->len + 1);

    ASSERT(text != NULL);
    memcpy(text, fix->bytes + note->at, note->len);
    text[note->len] = '\0';
    node->valuestring = text; /* freed with the node, whatever its type */
    if (note->is_rewritten) node->valuedouble = strtod(text, NULL); /* knows NaN and Infinity too */
    if (!isfinite(node->valuedouble) && fix->failed == NULL) fix->failed = note;
}

/* In the order of the text; as deep as json_check allowed. */
static void
numbers_walk(struct number_fix *fix, cJSON *list)
{
    for (cJSON *node = list; node != NULL && fix->next < fix->check->notes_len; node = node->next) {
        if ((node->type & 0xFF) == cJSON_Number) {
            if (fix->numbers == fix->check->note[fix->next].ordinal) number_set(fix, node);
            fix->numbers++;
        } else if (node->child != NULL) {
            numbers_walk(fix, node->child);
        }
    }
}

enum rc
json_fix_numbers(cJSON *root, const struct json_check *c, const char *bytes, enum json_mode mode,
                 struct err *err)
{
    struct number_fix fix = {.check = c, .bytes = bytes};

    numbers_walk(&fix, root);
    ASSERT(fix.next == c->notes_len);
    if (mode == JSON_STRICT && fix.failed != NULL) {
        return json_fail(err, RC_RANGE, bytes, fix.failed->at, "number too large");
    }
    return RC_OK;
}

/* ---- repeated keys ------------------------------------------------------------------------- */

struct place {
    cJSON *node;
    size_t index;
};

static int
by_key_and_index(const void *a, const void *b)
{
    const struct place *left = a, *right = b;
    int order = strcmp(left->node->string, right->node->string);

    return order != 0 ? order : (left->index > right->index) - (left->index < right->index);
}

/* places[0..n) hold one key: the last one moves to the first one's place. */
static void
merge(cJSON *object, const struct place *places, size_t n)
{
    if (n < 2) return;
    for (size_t i = 1; i + 1 < n; i++)
        cJSON_Delete(cJSON_DetachItemViaPointer(object, places[i].node));
    cJSON *last = cJSON_DetachItemViaPointer(object, places[n - 1].node);
    cJSON_bool ok = cJSON_ReplaceItemViaPointer(object, places[0].node, last);
    ASSERT(ok);
}

static void
object_merge(cJSON *object)
{
    size_t n = 0, group = 0;

    for (const cJSON *m = object->child; m != NULL; m = m->next)
        n++;
    if (n < 2) return;
    struct place *places = calloc(n, sizeof(*places));
    ASSERT(places != NULL);
    n = 0;
    for (cJSON *m = object->child; m != NULL; m = m->next) {
        places[n] = (struct place){m, n};
        n++;
    }
    qsort(places, n, sizeof(*places), by_key_and_index);
    for (size_t i = 1; i <= n; i++) {
        if (i < n && strcmp(places[i].node->string, places[group].node->string) == 0) continue;
        merge(object, places + group, i - group);
        group = i;
    }
    free(places);
}

void
json_fix_repeats(cJSON *root)
{
    if (cJSON_IsObject(root)) object_merge(root);
    for (cJSON *node = root->child; node != NULL; node = node->next)
        json_fix_repeats(node);
}
