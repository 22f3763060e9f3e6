#include "io/ws.h"

/*
 * Of OpenSSL the header of libwebsockets wants the names of a few types.  All of <openssl/ssl.h>
 * would not compile here: it calls a parameter by a name that base/banned.h takes away.
 */
#define OPENSSL_SSL_H
typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;
typedef struct x509_store_ctx_st X509_STORE_CTX;

#include <libwebsockets.h>
#include <netdb.h>
#include <signal.h>

#include "base/http.h"

enum { WS_HOST_MAX = 256, WS_PATH_MAX = 256, WHY_MAX = 160, SERVICE_ROUNDS = 16, CONTEXT_FDS = 32 };

/* A look-up of the name under way; it stays where it is until it is over. */
struct lookup {
    struct gaicb request;
    struct addrinfo hints;
    char host[WS_HOST_MAX], service[8];
};

struct ws {
    struct lws_context *context;
    struct lws *wsi; /* NULL without a connection */
    struct lookup *lookup;
    enum stream_state state;
    char host[WS_HOST_MAX], path[WS_PATH_MAX], authority[WS_HOST_MAX + 8];
    int port;
    bool is_tls, wants_ping;
    size_t message_max;
    unsigned attempts; /* a name with several addresses: each time the next one */
    struct text part;  /* of a message that is not whole yet */
    struct text inbox[WS_INBOX_MAX];
    size_t in_first, in_len;
    struct text outbox[WS_OUTBOX_MAX]; /* LWS_PRE bytes of room, then the message */
    size_t out_len;
    uint64_t heard;
    char why[WHY_MAX];
};

/* ---- the address ---------------------------------------------------------------------------- */

static bool
has_control_or_blank(const char *s)
{
    for (; *s != '\0'; s++)
        if ((unsigned char)*s <= 0x20 || *s == 0x7f) return true;
    return false;
}

/* "host", "host:port" or "[v6]:port". */
static enum rc
split_host(struct ws *w, const char *host, size_t len, struct err *err)
{
    char text[WS_HOST_MAX];
    int64_t port = w->is_tls ? 443 : 80;

    if (len == 0 || len >= sizeof(text)) return err_set(err, RC_RANGE, "stream: no host");
    (void)snprintf(text, sizeof(text), "%.*s", (int)len, host);
    (void)str_copy(w->authority, sizeof(w->authority), text);
    char *colon = strrchr(text, ':');
    const char *bracket = strrchr(text, ']');
    if (colon != NULL && (bracket == NULL || colon > bracket)) {
        if (!str_to_i64(colon + 1, &port) || port < 1 || port > 65535)
            return err_set(err, RC_RANGE, "stream: no port");
        *colon = '\0';
    }
    w->port = (int)port;
    char *name = text;
    if (text[0] == '[') { /* without its brackets */
        name = text + 1;
        name[strcspn(name, "]")] = '\0';
    }
    (void)str_copy(w->host, sizeof(w->host), name);
    return RC_OK;
}

static enum rc
split_url(struct ws *w, const char *url, struct err *err)
{
    CLEANUP(text_free) struct text as_http = {0};

    w->is_tls = str_starts(url, "wss://");
    if (!w->is_tls && !str_starts(url, "ws://"))
        return err_set(err, RC_DENIED, "stream: neither ws nor wss");
    const char *host = url + (w->is_tls ? 6 : 5);
    size_t host_len = strcspn(host, "/?#");
    if (has_control_or_blank(url))
        return err_set(err, RC_RANGE, "stream: blank or control character in the URL");
    if (memchr(host, '@', host_len) != NULL)
        return err_set(err, RC_DENIED, "stream: user name in the URL");
    text_printf(&as_http, "http://%s", host);
    if (!w->is_tls && !http_url_is_loopback(text_str(&as_http)))
        return err_set(err, RC_DENIED, "stream: plain ws to another machine");
    if (!str_copy(w->path, sizeof(w->path), host[host_len] == '/' ? host + host_len : "/"))
        return err_set(err, RC_RANGE, "stream: the path is too long");
    return split_host(w, host, host_len, err);
}

/* ---- ending --------------------------------------------------------------------------------- */

static void
say_why(struct ws *w, const char *words)
{
    if (w->why[0] == '\0') (void)snprintf(w->why, sizeof(w->why), "%s", words);
}

static void
forget_messages(struct ws *w)
{
    text_free(&w->part);
    for (size_t i = 0; i < WS_INBOX_MAX; i++)
        text_free(&w->inbox[i]);
    for (size_t i = 0; i < WS_OUTBOX_MAX; i++)
        text_free(&w->outbox[i]);
    w->in_first = w->in_len = w->out_len = 0;
    w->wants_ping = false;
}

/* The connection is over; messages that came over it can still be taken. */
static void
closed(struct ws *w, const char *words)
{
    w->wsi = NULL;
    w->state = STREAM_CLOSED;
    say_why(w, words);
}

/* A look-up that cannot be called back is left to end by itself: it holds memory until then. */
static void
lookup_drop(struct ws *w)
{
    struct lookup *l = w->lookup;

    w->lookup = NULL;
    if (l == NULL || gai_cancel(&l->request) == EAI_NOTCANCELED) return;
    if (l->request.ar_result != NULL) freeaddrinfo(l->request.ar_result);
    free(l);
}

static void
seam_close(void *self)
{
    struct ws *w = self;
    struct lws *wsi = w->wsi;

    lookup_drop(w);
    w->wsi = NULL; /* first: what its end calls back is about nobody then */
    w->state = STREAM_CLOSED;
    if (wsi != NULL) lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
    forget_messages(w);
}

/* ---- what libwebsockets calls ---------------------------------------------------------------- */

/* -1 ends the connection. */
static int
on_receive(struct ws *w, struct lws *wsi, const char *bytes, size_t len)
{
    w->heard++;
    if (lws_is_first_fragment(wsi)) text_clear(&w->part);
    if (len > w->message_max - w->part.len) {
        say_why(w, "a message is too large");
        return -1;
    }
    text_add(&w->part, bytes, len);
    if (!lws_is_final_fragment(wsi)) return 0;
    if (w->in_len < WS_INBOX_MAX) {
        w->inbox[(w->in_first + w->in_len++) % WS_INBOX_MAX] = w->part;
        w->part = (struct text){0};
    }
    return 0;
}

static int
on_writeable(struct ws *w, struct lws *wsi)
{
    unsigned char ping[LWS_PRE] = {0};

    if (w->wants_ping) {
        w->wants_ping = false;
        if (lws_write(wsi, ping + LWS_PRE, 0, LWS_WRITE_PING) < 0) return -1;
    } else if (w->out_len > 0) {
        struct text *t = &w->outbox[0];
        size_t len = t->len - LWS_PRE;
        int sent = lws_write(wsi, (unsigned char *)t->data + LWS_PRE, len, LWS_WRITE_TEXT);

        text_free(t);
        memmove(&w->outbox[0], &w->outbox[1], (WS_OUTBOX_MAX - 1) * sizeof(w->outbox[0]));
        w->outbox[WS_OUTBOX_MAX - 1] = (struct text){0};
        w->out_len--;
        if (sent < (int)len) return -1;
    }
    if (w->wants_ping || w->out_len > 0) (void)lws_callback_on_writable(wsi);
    return 0;
}

static void
on_peer_close(struct ws *w, const unsigned char *bytes, size_t len)
{
    char words[48];

    (void)snprintf(words, sizeof(words), "closed by the server (%d)",
                   len >= 2 ? bytes[0] * 256 + bytes[1] : 1005);
    say_why(w, words);
}

static int
on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    struct ws *w = lws_context_user(lws_get_context(wsi));

    (void)user;
    if (w == NULL || wsi != w->wsi) return 0;
    if (reason == LWS_CALLBACK_CLIENT_ESTABLISHED) {
        w->state = STREAM_OPEN;
        w->heard++;
        if (w->out_len > 0) (void)lws_callback_on_writable(wsi);
    } else if (reason == LWS_CALLBACK_CLIENT_RECEIVE) {
        return on_receive(w, wsi, in, len);
    } else if (reason == LWS_CALLBACK_CLIENT_RECEIVE_PONG) {
        w->heard++;
    } else if (reason == LWS_CALLBACK_CLIENT_WRITEABLE) {
        return on_writeable(w, wsi);
    } else if (reason == LWS_CALLBACK_WS_PEER_INITIATED_CLOSE) {
        on_peer_close(w, in, len);
    } else if (reason == LWS_CALLBACK_CLIENT_CONNECTION_ERROR) {
        closed(w, in != NULL && len > 0 ? (const char *)in : "no connection");
    } else if (reason == LWS_CALLBACK_CLIENT_CLOSED) {
        closed(w, "the connection ended");
    }
    return 0;
}

static const struct lws_protocols PROTOCOLS[] = {
    {.name = "stockbot",      .callback = on_event, .rx_buffer_size = 4096},
    {.name = NULL}
};

/* ---- connecting ----------------------------------------------------------------------------- */

static enum rc
lookup_begin(struct ws *w, struct err *err)
{
    struct lookup *l = calloc(1, sizeof(*l));
    struct sigevent none = {.sigev_notify = SIGEV_NONE};

    if (l == NULL) return err_set(err, RC_NOMEM, "stream: out of memory");
    (void)str_copy(l->host, sizeof(l->host), w->host);
    (void)snprintf(l->service, sizeof(l->service), "%d", w->port);
    l->hints = (struct addrinfo){.ai_socktype = SOCK_STREAM};
    l->request =
        (struct gaicb){.ar_name = l->host, .ar_service = l->service, .ar_request = &l->hints};
    struct gaicb *list[] = {&l->request};
    if (getaddrinfo_a(GAI_NOWAIT, list, 1, &none) != 0) {
        free(l);
        return err_set(err, RC_IO, "stream: the name cannot be looked up");
    }
    w->lookup = l;
    return RC_OK;
}

/* The attempts go through the addresses in turn. */
static bool
pick_address(struct ws *w, const struct addrinfo *list, char *ret_text, size_t size)
{
    unsigned n = 0;

    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next)
        n++;
    if (n == 0) return false;
    for (unsigned skip = w->attempts++ % n; skip > 0; skip--)
        list = list->ai_next;
    return getnameinfo(list->ai_addr, list->ai_addrlen, ret_text, (socklen_t)size, NULL, 0,
                       NI_NUMERICHOST) == 0;
}

static void
connect_to(struct ws *w, const char *address)
{
    struct lws_client_connect_info info = {.context = w->context,
                                           .address = address,
                                           .port = w->port,
                                           .ssl_connection = w->is_tls ? LCCSCF_USE_SSL : 0,
                                           .path = w->path,
                                           /* the certificate is verified against this name */
                                           .host = w->is_tls ? w->host : w->authority,
                                           .ietf_version_or_minus_one = -1,
                                           .local_protocol_name = PROTOCOLS[0].name,
                                           .pwsi = &w->wsi};

    if (lws_client_connect_via_info(&info) == NULL) closed(w, "no connection");
}

/* Looks whether the name is known by now, and connects. */
static void
lookup_step(struct ws *w)
{
    char address[WS_HOST_MAX];
    struct lookup *l = w->lookup;

    if (l == NULL || gai_error(&l->request) == EAI_INPROGRESS) return;
    bool is_known = gai_error(&l->request) == 0 &&
                    pick_address(w, l->request.ar_result, address, sizeof(address));
    lookup_drop(w);
    if (is_known)
        connect_to(w, address);
    else
        closed(w, "the name cannot be looked up");
}

/* ---- the seam ------------------------------------------------------------------------------- */

static enum rc
seam_open(void *self, struct err *err)
{
    struct ws *w = self;

    seam_close(w);
    w->why[0] = '\0';
    enum rc rc = lookup_begin(w, err);
    if (rc == RC_OK) w->state = STREAM_CONNECTING;
    return rc;
}

static enum stream_state
seam_step(void *self)
{
    struct ws *w = self;

    lookup_step(w);
    for (int i = 0; i < SERVICE_ROUNDS && w->wsi != NULL && w->in_len < WS_INBOX_MAX; i++) {
        uint64_t before = w->heard;

        if (lws_service(w->context, -1) < 0) break; /* -1: what is ready, without waiting */
        if (w->heard == before && w->out_len == 0) break;
    }
    return w->state;
}

static enum rc
seam_send(void *self, const char *bytes, size_t len, struct err *err)
{
    static const char ROOM[LWS_PRE];
    struct ws *w = self;

    if (w->state != STREAM_OPEN) return err_set(err, RC_IO, "stream: not open");
    if (w->out_len == WS_OUTBOX_MAX) return err_set(err, RC_RANGE, "stream: too much to send");
    struct text *t = &w->outbox[w->out_len++];
    text_add(t, ROOM, sizeof(ROOM));
    text_add(t, bytes, len);
    (void)lws_callback_on_writable(w->wsi);
    return RC_OK;
}

static void
seam_ping(void *self)
{
    struct ws *w = self;

    if (w->state != STREAM_OPEN) return;
    w->wants_ping = true;
    (void)lws_callback_on_writable(w->wsi);
}

static bool
seam_take(void *self, struct text *ret_message)
{
    struct ws *w = self;

    if (w->in_len == 0) return false;
    text_free(ret_message);
    *ret_message = w->inbox[w->in_first];
    w->inbox[w->in_first] = (struct text){0};
    w->in_first = (w->in_first + 1) % WS_INBOX_MAX;
    w->in_len--;
    return true;
}

static uint64_t
seam_heard(const void *self)
{
    return ((const struct ws *)self)->heard;
}

static const char *
seam_why(const void *self)
{
    return ((const struct ws *)self)->why;
}

/* ---- public --------------------------------------------------------------------------------- */

enum rc
ws_new(const struct ws_options *opt, struct ws **ret_ws, struct err *err)
{
    struct ws *w = calloc(1, sizeof(*w));

    if (w == NULL) return err_set(err, RC_NOMEM, "stream: out of memory");
    w->message_max = opt->message_max;
    enum rc rc = split_url(w, opt->url, err);
    if (rc != RC_OK) {
        free(w);
        return rc;
    }
    lws_set_log_level(0, NULL); /* its lines would hold what may not be told */
    struct lws_context_creation_info info = {.port = CONTEXT_PORT_NO_LISTEN,
                                             .protocols = PROTOCOLS,
                                             .uid = -1,
                                             .gid = -1,
                                             .options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
                                             .client_ssl_ca_filepath = opt->ca_file,
                                             .http_proxy_address = "", /* not the environment's */
                                             .fd_limit_per_thread = CONTEXT_FDS,
                                             .timeout_secs = WS_CONNECT_S,
                                             .user = w};
    w->context = lws_create_context(&info);
    if (w->context == NULL) {
        free(w);
        return err_set(err, RC_NOMEM, "stream: libwebsockets does not start");
    }
    *ret_ws = w;
    return RC_OK;
}

void
ws_free(struct ws *w)
{
    if (w == NULL) return;
    seam_close(w);
    lws_context_destroy(w->context);
    free(w);
}

struct stream
ws_seam(struct ws *w)
{
    return (struct stream){.self = w,
                           .open = seam_open,
                           .step = seam_step,
                           .send = seam_send,
                           .ping = seam_ping,
                           .take = seam_take,
                           .heard = seam_heard,
                           .why = seam_why,
                           .close = seam_close};
}
