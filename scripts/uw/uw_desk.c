#include "scripts/uw/uw_desk.h"

#include "io/process.h"
#include "io/share.h"

static void
find_spec(const struct config *cfg, struct text *to)
{
    if (cfg->uw.spec_path[0] != '\0')
        text_puts(to, cfg->uw.spec_path);
    else if (share_find(cfg->root, SPEC_PATH, to, NULL) != RC_OK)
        text_puts(to, SPEC_PATH); /* missing: calls are refused and say so */
}

enum rc
uw_desk_open(struct uw_desk *d, struct runner *r, struct err *err)
{
    struct http_options options = {.clock = &r->clock};

    *d = (struct uw_desk){0};
    enum rc rc = process_guard_secrets(err);
    if (rc == RC_OK) rc = curl_http_new(&options, &d->curl, err);
    if (rc != RC_OK) return rc;
    d->http = curl_http_seam(d->curl);
    find_spec(&r->cfg, &d->spec_path);
    const struct uw_deps deps = {
        .clock = &r->clock,
        .fs = &r->fs,
        .http = &d->http,
        .store = &r->store,
        .locks = &r->locks,
        .log = r->log,
        .ny = r->ny,
        .seed = (uint64_t)clock_mono(&r->clock),
    };
    rc = uw_client_init(&d->client, &deps, &r->cfg.uw, text_str(&d->spec_path), err);
    d->has_client = rc == RC_OK;
    if (rc == RC_OK) uw_config_say(&r->cfg, r->log);
    return rc;
}

void
uw_desk_close(struct uw_desk *d)
{
    if (d->has_client) uw_client_done(&d->client);
    curl_http_free(d->curl);
    text_free(&d->spec_path);
}
