#include "broker/refusals.h"

/* The longest beginning of at most max bytes that does not end inside a character. */
static size_t
whole_characters(const char *bytes, size_t len, size_t max)
{
    size_t at = 0;

    while (at < len) {
        size_t piece = utf8_sequence(bytes + at, len - at);

        if (piece == 0) piece = utf8_damaged(bytes + at, len - at);
        if (at + piece > max) break;
        at += piece;
    }
    return at;
}

void
refusals_keep(struct refusals *r, const char *client_id, int http_status, const struct text *body)
{
    struct refused_order *kept = &r->kept[r->next];
    const char *said = text_str(body);
    size_t len = whole_characters(said, strlen(said), REFUSAL_BODY_MAX);

    *kept = (struct refused_order){.http_status = http_status};
    (void)str_copy(kept->client_id, sizeof(kept->client_id), client_id);
    memcpy(kept->body, said, len);
    r->next = (r->next + 1) % REFUSALS_MAX;
}

const struct refused_order *
refusals_find(const struct refusals *r, const char *client_id)
{
    for (size_t i = 0; i < REFUSALS_MAX; i++)
        if (r->kept[i].client_id[0] != '\0' && str_eq(r->kept[i].client_id, client_id))
            return &r->kept[i];
    return NULL;
}
