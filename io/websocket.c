#include "io/websocket.h"

#include <strings.h>
#include <sys/random.h>

#include "base/text.h"
#include "base/ws.h"
#include "io/http_internal.h"

enum { HEAD_MAX = 8192, READ_MAX = 16384, READS_A_STEP = 64 };

enum phase { CONNECTING, SHAKING, OPEN, OVER };

struct websocket {
    struct websocket_options opt;
    CURLM *multi;
    CURL *easy;
    enum phase phase;
    int fd;
    int64_t begun_ns, heard_ns;
    char key[WS_KEY_MAX];
    struct text in, out; /* bytes that are no whole frame yet; bytes that are not sent yet */
    struct text message; /* pieces of one */
    bool is_in_message;
    struct err err;
};

static void
end(struct websocket *ws, const struct err *err)
{
    if (ws->phase == OVER) return;
    ws->phase = OVER;
    ws->err = *err;
}

#define END(ws, ...)                                                                               \
    do {                                                                                           \
        struct err err_ = {0};                                                                     \
                                                                                                   \
        (void)err_set(&err_, RC_IO, __VA_ARGS__);                                                  \
        end((ws), &err_);                                                                          \
    } while (0)

/* ---- connecting ---------------------------------------------------------------------------- */

static CURLcode
set_up(struct websocket *ws)
{
    CURLcode code = http_set_policy(ws->easy, ws->opt.url, ws->opt.ca_file);

    if (code == CURLE_OK) code = curl_easy_setopt(ws->easy, CURLOPT_CONNECT_ONLY, 1L);
    if (code == CURLE_OK)
        code = curl_easy_setopt(ws->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)WEBSOCKET_OPEN_MS);
    return code;
}

enum rc
websocket_new(const struct websocket_options *opt, struct websocket **ret_ws, struct err *err)
{
    enum rc rc = http_check_url(opt->url, err);

    if (rc != RC_OK) return err_wrap(err, "stream");
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return err_set(err, RC_NOMEM, "libcurl: start");
    struct websocket *ws = calloc(1, sizeof *ws);
    if (ws == NULL) {
        curl_global_cleanup();
        return err_set(err, RC_NOMEM, "stream");
    }
    *ws = (struct websocket){
        .opt = *opt, .fd = -1, .multi = curl_multi_init(), .easy = curl_easy_init()};
    ws->begun_ns = ws->heard_ns = clock_mono(opt->clock);
    if (ws->multi == NULL || ws->easy == NULL || set_up(ws) != CURLE_OK ||
        curl_multi_add_handle(ws->multi, ws->easy) != CURLM_OK) {
        websocket_free(ws);
        return err_set(err, RC_NOMEM, "libcurl: out of memory");
    }
    *ret_ws = ws;
    return RC_OK;
}

/* The request of the handshake (4.1).  The host as the URL has it. */
static void
ask_for_upgrade(struct websocket *ws)
{
    const char *host = strstr(ws->opt.url, "://") + 3;
    size_t host_len = strcspn(host, "/?#");
    const char *path = host + host_len;
    uint8_t nonce[16];

    /* Only a cache that answers for somebody else would mind a bad one. */
    if (getrandom(nonce, sizeof nonce, GRND_NONBLOCK) != (ssize_t)sizeof nonce)
        memset(nonce, 7, sizeof nonce);
    text_printf(&ws->out,
                "GET %s HTTP/1.1\r\nHost: %.*s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n",
                path[0] == '/' ? path : "/", (int)host_len, host, ws_key(nonce, ws->key));
}

static void
go_on_connecting(struct websocket *ws)
{
    curl_socket_t fd = CURL_SOCKET_BAD;
    int running = 0, left = 0;

    if (curl_multi_perform(ws->multi, &running) != CURLM_OK) {
        END(ws, "libcurl failed");
        return;
    }
    const CURLMsg *msg = curl_multi_info_read(ws->multi, &left);
    if (msg == NULL) return;
    if (msg->data.result != CURLE_OK) {
        END(ws, "%s", curl_easy_strerror(msg->data.result));
        return;
    }
    if (curl_easy_getinfo(ws->easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK ||
        fd == CURL_SOCKET_BAD) {
        END(ws, "libcurl has no socket");
        return;
    }
    ws->fd = fd;
    ws->phase = SHAKING;
    ask_for_upgrade(ws);
}

/* ---- bytes --------------------------------------------------------------------------------- */

static void
flush(struct websocket *ws)
{
    while (ws->phase != OVER && ws->out.len > 0) {
        size_t sent = 0;
        CURLcode code = curl_easy_send(ws->easy, ws->out.data, ws->out.len, &sent);

        if (code == CURLE_AGAIN) return;
        if (code != CURLE_OK) {
            END(ws, "%s", curl_easy_strerror(code));
            return;
        }
        text_drop(&ws->out, sent);
    }
}

/* False when nothing is there (any more). */
static bool
receive(struct websocket *ws)
{
    char bytes[READ_MAX];
    size_t len = 0;
    CURLcode code = curl_easy_recv(ws->easy, bytes, sizeof bytes, &len);

    if (code == CURLE_AGAIN) return false;
    if (code != CURLE_OK || len == 0) {
        END(ws, "%s", code != CURLE_OK ? curl_easy_strerror(code) : "the server hung up");
        return false;
    }
    ws->heard_ns = clock_mono(ws->opt.clock);
    text_add(&ws->in, bytes, len);
    return true;
}

/* ---- the answer of the handshake ----------------------------------------------------------- */

/* The value of a header line of a head that ends with a blank line; false where there is none. */
static bool
head_value(const char *head, const char *name, char *ret, size_t size)
{
    size_t name_len = strlen(name);

    for (const char *line = strstr(head, "\r\n"); line != NULL && line[2] != '\r';
         line = strstr(line + 2, "\r\n")) {
        const char *at = line + 2;

        if (strncasecmp(at, name, name_len) != 0 || at[name_len] != ':') continue;
        at += name_len + 1;
        at += strspn(at, " \t");
        size_t len = strcspn(at, "\r");
        while (len > 0 && (at[len - 1] == ' ' || at[len - 1] == '\t'))
            len--;
        (void)snprintf(ret, size, "%.*s", (int)MIN(len, size - 1), at);
        return true;
    }
    return false;
}

static void
check_upgrade(struct websocket *ws, const char *head)
{
    char value[128], accept[WS_ACCEPT_MAX];

    if (!str_starts(head, "HTTP/1."))
        END(ws, "the server speaks no HTTP");
    else if (!str_starts(head, "HTTP/1.1 101 "))
        END(ws, "the server answered %.3s", head + strlen("HTTP/1.1 "));
    else if (!head_value(head, "Upgrade", value, sizeof value) ||
             strcasecmp(value, "websocket") != 0)
        END(ws, "the server upgrades to something else");
    else if (!head_value(head, "Sec-WebSocket-Accept", value, sizeof value) ||
             !str_eq(value, ws_accept(ws->key, accept)))
        END(ws, "the server did not understand the handshake");
    else
        ws->phase = OPEN;
}

static void
take_head(struct websocket *ws)
{
    char *blank = memmem(text_str(&ws->in), ws->in.len, "\r\n\r\n", 4);

    if (blank == NULL) {
        if (ws->in.len > HEAD_MAX) END(ws, "the answer to the handshake has no end");
        return;
    }
    blank[3] = '\0'; /* in place of the newline: what is looked for ends before it */
    check_upgrade(ws, ws->in.data);
    text_drop(&ws->in, (size_t)(blank - ws->in.data) + 4);
}

/* ---- frames -------------------------------------------------------------------------------- */

static void
put_frame(struct websocket *ws, enum ws_op op, const char *payload, size_t len)
{
    uint8_t mask[WS_MASK_LEN] = {0};

    /* The mask keeps caches between from mistaking what we say (10.3); a blank one is valid. */
    (void)!getrandom(mask, sizeof mask, GRND_NONBLOCK);
    ws_frame_write(&ws->out, op, payload, len, mask);
}

static void
take_piece(struct websocket *ws, const struct ws_frame *f)
{
    if ((f->op == WS_CONTINUATION) != ws->is_in_message) {
        END(ws, "a message out of order");
        return;
    }
    if (f->len > WEBSOCKET_MESSAGE_MAX - ws->message.len) {
        END(ws, "a message of more than %d bytes", WEBSOCKET_MESSAGE_MAX);
        return;
    }
    text_add(&ws->message, f->payload, f->len);
    ws->is_in_message = !f->is_last;
    if (!f->is_last) return;
    ws->opt.message(ws->opt.ctx, text_str(&ws->message), ws->message.len);
    text_clear(&ws->message);
}

static void
take_frame(struct websocket *ws, const struct ws_frame *f)
{
    switch (f->op) {
    case WS_CONTINUATION:
    case WS_TEXT:
    case WS_BINARY:
        take_piece(ws, f);
        break;
    case WS_PING:
        put_frame(ws, WS_PONG, f->payload, f->len);
        break;
    case WS_PONG:
        break;
    case WS_CLOSE:
        put_frame(ws, WS_CLOSE, f->payload, MIN(f->len, (size_t)2));
        flush(ws);
        END(ws, "closed by the server, code %d",
            f->len < 2 ? 1005 : (uint8_t)f->payload[0] << 8 | (uint8_t)f->payload[1]);
        break;
    }
}

static void
take_frames(struct websocket *ws)
{
    size_t at = 0;

    while (ws->phase == OPEN) {
        struct ws_frame f;
        struct err err = {0};

        if (ws_frame_read(ws->in.data + at, ws->in.len - at, false, WEBSOCKET_MESSAGE_MAX, &f,
                          &err) != RC_OK) {
            end(ws, &err);
            return;
        }
        if (f.consumed == 0) break;
        take_frame(ws, &f);
        at += f.consumed;
    }
    text_drop(&ws->in, at);
}

/* ---- public -------------------------------------------------------------------------------- */

static void
check_time(struct websocket *ws)
{
    if (clock_mono(ws->opt.clock) - ws->begun_ns > WEBSOCKET_OPEN_MS * NS_PER_MS)
        END(ws, "not open within %d ms", WEBSOCKET_OPEN_MS);
}

enum websocket_state
websocket_step(struct websocket *ws)
{
    if (ws->phase == CONNECTING) go_on_connecting(ws);
    for (int i = 0; i < READS_A_STEP && (ws->phase == SHAKING || ws->phase == OPEN); i++) {
        flush(ws);
        if (ws->phase == OVER || !receive(ws)) break;
        if (ws->phase == SHAKING) take_head(ws);
        if (ws->phase == OPEN && ws->in.len > 0) take_frames(ws);
    }
    flush(ws);
    if (ws->phase == CONNECTING || ws->phase == SHAKING) check_time(ws);
    return ws->phase == OVER   ? WEBSOCKET_OVER
           : ws->phase == OPEN ? WEBSOCKET_OPEN
                               : WEBSOCKET_OPENING;
}

const char *
websocket_why(const struct websocket *ws)
{
    return ws->err.text;
}

void
websocket_send(struct websocket *ws, const char *text, size_t len)
{
    if (ws->phase == OPEN) put_frame(ws, WS_TEXT, text, len);
}

void
websocket_ping(struct websocket *ws)
{
    if (ws->phase == OPEN) put_frame(ws, WS_PING, "", 0);
}

int64_t
websocket_heard_ns(const struct websocket *ws)
{
    return ws->heard_ns;
}

int
websocket_fd(const struct websocket *ws)
{
    return ws->phase == OVER ? -1 : ws->fd;
}

bool
websocket_wants_write(const struct websocket *ws)
{
    return ws->phase != OVER && ws->out.len > 0;
}

void
websocket_free(struct websocket *ws)
{
    if (ws == NULL) return;
    if (ws->phase == OPEN) {
        put_frame(ws, WS_CLOSE, "\x03\xe8", 2); /* 1000: as intended */
        flush(ws);
    }
    if (ws->multi != NULL && ws->easy != NULL)
        (void)curl_multi_remove_handle(ws->multi, ws->easy); /* not in it: nothing to do */
    curl_easy_cleanup(ws->easy);
    (void)curl_multi_cleanup(ws->multi);
    text_free(&ws->in);
    text_free(&ws->out);
    text_free(&ws->message);
    free(ws);
    curl_global_cleanup();
}
