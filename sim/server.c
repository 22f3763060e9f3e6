#include "sim/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sim/trade_stream.h"

enum {
    CONNECTIONS_MAX = 256,
    LINES_MS = 5,          /* streams are looked after that often, real time */
    DROP_HOLDS_MS = 120000 /* then the dropped connection is reset */
};

/* One request under way. */
struct exchange {
    struct MHD_Connection *connection;
    struct text body;
    struct sim_reply reply;
    bool is_answered, is_too_large;
    int64_t wake_ns;              /* monotonic, while suspended; 0 = not suspended */
    struct exchange *next, *prev; /* suspended ones */
};

/* A connection that has become a stream. */
struct line {
    struct server *server;
    struct MHD_UpgradeResponseHandle *handle;
    int fd;
    struct trade_stream stream;
    struct line *next;
};

struct server {
    struct sim *sim;
    struct MHD_Daemon *daemon;
    int port, fd;
    struct exchange *held;
    struct line *lines;
};

/* ---- suspended connections ------------------------------------------------------------------ */

static void
hold(struct server *s, struct exchange *x, int64_t delay_ms)
{
    x->wake_ns = clock_mono(s->sim->clock) + delay_ms * NS_PER_MS;
    x->prev = NULL;
    x->next = s->held;
    if (s->held != NULL) s->held->prev = x;
    s->held = x;
    MHD_suspend_connection(x->connection);
}

static void
unlink_held(struct server *s, struct exchange *x)
{
    if (x->wake_ns == 0) return;
    x->wake_ns = 0;
    if (x->prev != NULL) x->prev->next = x->next;
    if (x->next != NULL) x->next->prev = x->prev;
    if (s->held == x) s->held = x->next;
}

static void
wake_due(struct server *s, int64_t now_ns)
{
    for (struct exchange *x = s->held, *next; x != NULL; x = next) {
        next = x->next;
        if (x->wake_ns > now_ns) continue;
        unlink_held(s, x);
        MHD_resume_connection(x->connection);
    }
}

/* ---- from the wire -------------------------------------------------------------------------- */

static enum MHD_Result
add_param(void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
    struct sim_request *req = cls;

    (void)kind;
    if (req->query_len == SIM_QUERY_MAX) return MHD_NO;
    req->query[req->query_len++] =
        (struct sim_param){.name = key, .value = value == NULL ? "" : value};
    return MHD_YES;
}

static void
ask(struct server *s, struct exchange *x, const char *url, const char *method)
{
    struct MHD_Connection *c = x->connection;
    struct sim_request req = {
        .method = method, .path = url, .body = x->body.data, .body_len = x->body.len};

    req.authorization = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Authorization");
    req.apca_key = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "APCA-API-KEY-ID");
    req.ws_key = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Sec-WebSocket-Key");
    req.apca_secret = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "APCA-API-SECRET-KEY");
    (void)MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, add_param, &req);
    sim_handle(s->sim, &req, &x->reply);
    if (x->is_too_large) {
        sim_reply_free(&x->reply);
        x->reply = (struct sim_reply){.status = 413, .content_type = "text/plain"};
    }
    x->is_answered = true;
}

/* ---- to the wire ---------------------------------------------------------------------------- */

/* Closing a socket that lingers for no time sends RST instead of FIN. */
static void
linger_not(int fd)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};

    /* Without it the connection ends with FIN, which is as good a broken answer. */
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

static enum MHD_Result
reset(struct exchange *x)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    if (info != NULL) linger_not(info->connect_fd);
    return MHD_NO;
}

/* Gives the first half of the body and then breaks off. */
static ssize_t
half_of(void *cls, uint64_t pos, char *buf, size_t max)
{
    const struct exchange *x = cls;
    size_t half = x->reply.body.len / 2, len;

    if (pos >= half) return MHD_CONTENT_READER_END_WITH_ERROR;
    len = MIN(max, half - (size_t)pos);
    memcpy(buf, x->reply.body.data + pos, len);
    return (ssize_t)len;
}

/* ---- streams ------------------------------------------------------------------------------ */

static void
become_line(void *cls, struct MHD_Connection *connection, void *context, const char *extra,
            size_t extra_len, MHD_socket fd, struct MHD_UpgradeResponseHandle *handle)
{
    struct server *s = cls;
    struct line *l = calloc(1, sizeof(*l));
    int on = 1;

    (void)connection;
    (void)context;
    if (l == NULL) {
        (void)MHD_upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE);
        return;
    }
    *l = (struct line){.server = s, .handle = handle, .fd = fd, .next = s->lines};
    s->lines = l;
    /* An update must not wait for the next one; without it, it comes 40 ms later. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (extra_len > 0) trade_stream_take(&l->stream, s->sim, extra, extra_len);
}

static void
line_close(struct line *l)
{
    if (l->stream.is_reset) linger_not(l->fd);
    (void)MHD_upgrade_action(l->handle, MHD_UPGRADE_ACTION_CLOSE); /* closed in any case */
    trade_stream_done(&l->stream);
    free(l);
}

/* False once the other side is gone. */
static bool
line_read(struct line *l)
{
    char bytes[4096];
    ssize_t n;

    while ((n = recv(l->fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
        trade_stream_take(&l->stream, l->server->sim, bytes, (size_t)n);
    return n < 0 && (errno == EAGAIN || errno == EINTR);
}

static bool
line_write(struct line *l)
{
    struct text *out = &l->stream.out;

    while (out->len > 0) {
        ssize_t n = send(l->fd, out->data, out->len, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n < 0) return errno == EAGAIN || errno == EINTR;
        text_drop(out, (size_t)n);
    }
    return true;
}

static void
run_lines(struct server *s)
{
    for (struct line **at = &s->lines; *at != NULL;) {
        struct line *l = *at;
        bool is_there = line_read(l);

        if (is_there) trade_stream_look(&l->stream, s->sim);
        if (!l->stream.is_reset) is_there = line_write(l) && is_there;
        if (is_there && !l->stream.is_over) {
            at = &l->next;
            continue;
        }
        *at = l->next;
        line_close(l);
    }
}

static struct MHD_Response *
response_of(struct server *s, struct exchange *x)
{
    struct text *body = &x->reply.body;
    struct MHD_Response *resp;

    if (x->reply.status == MHD_HTTP_SWITCHING_PROTOCOLS)
        return MHD_create_response_for_upgrade(become_line, s);
    if (x->reply.fate == FATE_TRUNCATE && body->len > 1)
        return MHD_create_response_from_callback(body->len, 4096, half_of, x, NULL);
    if (body->len == 0) return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    resp = MHD_create_response_from_buffer(body->len, body->data, MHD_RESPMEM_MUST_FREE);
    if (resp != NULL) *body = (struct text){0}; /* the response frees it */
    return resp;
}

static enum MHD_Result
answer(struct server *s, struct exchange *x)
{
    if (x->reply.fate == FATE_RESET || x->reply.fate == FATE_DROP) return reset(x);

    struct MHD_Response *resp = response_of(s, x);

    if (resp == NULL) return MHD_NO;
    if (x->reply.status != MHD_HTTP_SWITCHING_PROTOCOLS)
        (void)MHD_add_response_header(resp, "Content-Type", x->reply.content_type);
    for (size_t i = 0; i < x->reply.headers_len; i++)
        (void)MHD_add_response_header(resp, x->reply.header[i].name, x->reply.header[i].value);

    enum MHD_Result result = MHD_queue_response(x->connection, (unsigned)x->reply.status, resp);

    MHD_destroy_response(resp);
    return result;
}

/* ---- libmicrohttpd's calls ------------------------------------------------------------------ */

static enum MHD_Result
on_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
           const char *version, const char *upload, size_t *upload_len, void **context)
{
    struct server *s = cls;
    struct exchange *x = *context;

    (void)version;
    if (x == NULL) {
        x = calloc(1, sizeof(*x));
        if (x == NULL) return MHD_NO;
        x->connection = connection;
        *context = x;
        return MHD_YES;
    }
    if (*upload_len > 0) {
        x->is_too_large |= x->body.len + *upload_len > SIM_BODY_MAX;
        if (!x->is_too_large) text_add(&x->body, upload, *upload_len);
        *upload_len = 0;
        return MHD_YES;
    }
    if (x->is_answered) return answer(s, x);
    ask(s, x, url, method);

    int64_t delay_ms = x->reply.delay_ms + (x->reply.fate == FATE_DROP ? DROP_HOLDS_MS : 0);

    if (delay_ms <= 0) return answer(s, x);
    hold(s, x, delay_ms);
    return MHD_YES;
}

static void
on_completed(void *cls, struct MHD_Connection *connection, void **context,
             enum MHD_RequestTerminationCode why)
{
    struct exchange *x = *context;

    (void)connection;
    (void)why;
    if (x == NULL) return;
    unlink_held(cls, x);
    text_free(&x->body);
    sim_reply_free(&x->reply);
    free(x);
    *context = NULL;
}

/* ---- public --------------------------------------------------------------------------------- */

static enum rc
start(struct server *s, int port, struct err *err)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    errno = 0;
    s->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE, (uint16_t)port, NULL, NULL,
        on_request, s, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&at, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS_MAX, MHD_OPTION_NOTIFY_COMPLETED, on_completed, s, MHD_OPTION_END);
    if (s->daemon == NULL)
        return err_sys(err, RC_IO, errno, "cannot serve on 127.0.0.1 port %d", port);

    const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT);
    const union MHD_DaemonInfo *poll_info =
        MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);

    if (info == NULL || poll_info == NULL) {
        MHD_stop_daemon(s->daemon);
        return err_set(err, RC_IO, "libmicrohttpd does not tell its port");
    }
    s->port = info->port;
    s->fd = poll_info->epoll_fd;
    return RC_OK;
}

enum rc
server_open(struct sim *sim, int port, struct server **ret_server, struct err *err)
{
    struct server *s = calloc(1, sizeof(*s));

    if (s == NULL) return err_set(err, RC_NOMEM, "server");
    s->sim = sim;

    enum rc rc = start(s, port, err);

    if (rc != RC_OK) {
        free(s);
        return rc;
    }
    *ret_server = s;
    return RC_OK;
}

void
server_close(struct server *s)
{
    if (s == NULL) return;
    /* It may not be stopped with connections suspended. */
    for (struct exchange *x = s->held; x != NULL; x = x->next)
        x->reply.fate = FATE_RESET;
    wake_due(s, INT64_MAX);
    for (struct line *l = s->lines, *next; l != NULL; l = next) {
        next = l->next;
        line_close(l);
    }
    (void)MHD_run(s->daemon); /* what it cannot finish ends with the daemon */
    MHD_stop_daemon(s->daemon);
    free(s);
}

int
server_port(const struct server *s)
{
    return s->port;
}

int
server_fd(const struct server *s)
{
    return s->fd;
}

int64_t
server_deadline_ns(struct server *s)
{
    int64_t deadline = INT64_MAX;
    MHD_UNSIGNED_LONG_LONG wait_ms;

    for (const struct exchange *x = s->held; x != NULL; x = x->next)
        deadline = MIN(deadline, x->wake_ns);
    if (MHD_get_timeout(s->daemon, &wait_ms) == MHD_YES)
        deadline = MIN(deadline, clock_mono(s->sim->clock) + (int64_t)wait_ms * NS_PER_MS);
    if (s->lines != NULL)
        deadline = MIN(deadline, clock_mono(s->sim->clock) + LINES_MS * NS_PER_MS);
    return deadline;
}

void
server_run(struct server *s)
{
    wake_due(s, clock_mono(s->sim->clock));
    (void)MHD_run(s->daemon); /* fails only for a daemon that is not ours to run */
    run_lines(s);
}
