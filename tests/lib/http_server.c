#include "tests/lib/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include "base/text.h"

enum { CONNECTIONS_MAX = 32, REQUEST_MAX = 1 << 16 };

struct connection {
    int fd; /* -1 = free */
    int number;
    bool is_mute; /* REPLY_SILENT: read from and never answered */
    struct text in;
};

struct http_server {
    pthread_t thread;
    pthread_mutex_t lock; /* over what the test reads */
    struct reply *replies;
    size_t replies_len;
    int listen_fd, port;
    int stop[2]; /* a pipe: written to end the thread */
    int rude;
    struct connection conn[CONNECTIONS_MAX];
    struct seen_request seen[HTTP_SEEN_MAX];
    size_t seen_len;
    int accepted;
};

/* ---- sending ------------------------------------------------------------------------------- */

/* True if the server was told to stop meanwhile. */
static bool
pause_ms(const struct http_server *s, int ms)
{
    struct pollfd fd = {.fd = s->stop[0], .events = POLLIN};
    return poll(&fd, 1, ms) > 0;
}

static bool
send_all(const struct connection *c, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(c->fd, bytes, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

static void
gzip(const char *bytes, size_t len, struct text *to)
{
    z_stream z = {0};
    ASSERT(deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) ==
           Z_OK);
    text_reserve(to, deflateBound(&z, len) + 64);
    union {
        const char *in;
        Bytef *out;
    } u = {.in = bytes};
    z.next_in = u.out;
    z.avail_in = (uInt)len;
    z.next_out = (Bytef *)to->data;
    z.avail_out = (uInt)to->cap;
    ASSERT(deflate(&z, Z_FINISH) == Z_STREAM_END);
    to->len = z.total_out;
    (void)deflateEnd(&z);
}

static void
send_body(struct http_server *s, const struct connection *c, const struct reply *r,
          const struct text *body)
{
    if (r->how == REPLY_TRUNCATED) {
        (void)send_all(c, text_str(body), body->len / 2);
    } else if (r->how == REPLY_DRIP) {
        for (size_t i = 0; i < body->len && !pause_ms(s, r->drip_ms); i++)
            if (!send_all(c, body->data + i, 1)) break;
    } else {
        (void)send_all(c, text_str(body), body->len);
    }
}

static void
send_reply(struct http_server *s, const struct connection *c, const struct reply *r)
{
    CLEANUP(text_free) struct text head = {0}, body = {0};
    const char *bytes = r->body != NULL ? r->body : "";
    size_t len = r->body_len != 0 ? r->body_len : strlen(bytes);
    if (r->how == REPLY_RAW) {
        (void)send_all(c, bytes, len);
        return;
    }
    if (r->how == REPLY_GZIP)
        gzip(bytes, len, &body);
    else
        text_add(&body, bytes, len);
    text_printf(&head, "HTTP/1.1 %d Said so\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s%s\r\n",
                r->status != 0 ? r->status : 200,
                r->content_type != NULL ? r->content_type : "application/json", body.len,
                r->how == REPLY_GZIP ? "Content-Encoding: gzip\r\n" : "",
                r->headers != NULL ? r->headers : "");
    if (send_all(c, text_str(&head), head.len)) send_body(s, c, r, &body);
}

/* ---- reading ------------------------------------------------------------------------------- */

static void
hang_up(struct connection *c, bool is_reset)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    if (is_reset) ASSERT(setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now) == 0);
    (void)close(c->fd);
    c->fd = -1;
    text_free(&c->in);
}

/* Length of the body that the headers announce. */
static size_t
content_length(const char *headers)
{
    const char *at = strcasestr(headers, "\r\nContent-Length:");
    return at == NULL ? 0 : strtoul(at + 17, NULL, 10);
}

/* Takes a complete request from the front of the input; false if it is not complete. */
static bool
take_request(struct connection *c, struct seen_request *ret)
{
    char *end = c->in.len > 0 ? strstr(c->in.data, "\r\n\r\n") : NULL;
    if (end == NULL) return false;
    size_t head_len = (size_t)(end - c->in.data) + 4;
    end[2] = '\0';
    size_t body_len = content_length(c->in.data);
    end[2] = '\r';
    if (c->in.len < head_len + body_len) return false;

    *ret = (struct seen_request){.connection = c->number};
    ASSERT(sscanf(c->in.data, "%7s %511s", ret->method, ret->target) ==
           2); /* NOLINT(cert-err34-c) */
    const char *lines = strstr(c->in.data, "\r\n") + 2;
    (void)snprintf(ret->headers, sizeof ret->headers, "%.*s", (int)(end + 2 - lines), lines);
    (void)snprintf(ret->body, sizeof ret->body, "%.*s", (int)body_len, c->in.data + head_len);
    memmove(c->in.data, c->in.data + head_len + body_len, c->in.len - head_len - body_len + 1);
    c->in.len -= head_len + body_len;
    return true;
}

static void
answer(struct http_server *s, struct connection *c, const struct seen_request *request)
{
    ASSERT(pthread_mutex_lock(&s->lock) == 0);
    size_t i = s->seen_len;
    if (s->seen_len < HTTP_SEEN_MAX) s->seen[s->seen_len++] = *request;
    ASSERT(pthread_mutex_unlock(&s->lock) == 0);

    const struct reply *r = &s->replies[MIN(i, s->replies_len - 1)];
    if (r->delay_ms > 0 && pause_ms(s, r->delay_ms)) return;
    switch (r->how) {
    case REPLY_WHOLE:
    case REPLY_GZIP:
    case REPLY_DRIP:
        send_reply(s, c, r);
        return;
    case REPLY_TRUNCATED:
    case REPLY_RAW:
    case REPLY_THEN_CLOSE:
        send_reply(s, c, r);
        hang_up(c, false);
        return;
    case REPLY_SILENT:
        c->is_mute = true;
        return;
    case REPLY_CLOSE:
    case REPLY_RESET:
        hang_up(c, r->how == REPLY_RESET);
        return;
    }
}

static void
serve(struct http_server *s, struct connection *c)
{
    char buf[4096];
    ssize_t n = recv(c->fd, buf, sizeof buf, 0);
    if (n <= 0 || c->in.len > REQUEST_MAX) {
        hang_up(c, false);
        return;
    }
    text_add(&c->in, buf, (size_t)n);
    struct seen_request request;
    while (c->fd >= 0 && !c->is_mute && take_request(c, &request))
        answer(s, c, &request);
}

static void
accept_one(struct http_server *s)
{
    int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) return;
    ASSERT(pthread_mutex_lock(&s->lock) == 0);
    int number = s->accepted++;
    ASSERT(pthread_mutex_unlock(&s->lock) == 0);
    for (size_t i = 0; i < CONNECTIONS_MAX && number >= s->rude; i++) {
        if (s->conn[i].fd >= 0) continue;
        s->conn[i] = (struct connection){.fd = fd, .number = number};
        return;
    }
    (void)close(fd);
}

static void *
run(void *arg)
{
    struct http_server *s = arg;
    for (;;) {
        struct pollfd fds[CONNECTIONS_MAX + 2] = {
            {.fd = s->stop[0],   .events = POLLIN},
            {.fd = s->listen_fd, .events = POLLIN}
        };
        for (size_t i = 0; i < CONNECTIONS_MAX; i++)
            fds[i + 2] = (struct pollfd){.fd = s->conn[i].fd, .events = POLLIN};
        if (poll(fds, COUNT_OF(fds), -1) < 0) continue;
        if (fds[0].revents != 0) return NULL;
        for (size_t i = 0; i < CONNECTIONS_MAX; i++)
            if (fds[i + 2].revents != 0) serve(s, &s->conn[i]);
        if (fds[1].revents != 0) accept_one(s);
    }
}

/* ---- public -------------------------------------------------------------------------------- */

static int
listen_somewhere(int *ret_port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 16) == 0);
    ASSERT(getsockname(fd, (struct sockaddr *)&at, &len) == 0);
    *ret_port = ntohs(at.sin_port);
    return fd;
}

struct http_server *
http_server_start_rude(const struct reply *replies, size_t n, int rude)
{
    struct http_server *s = calloc(1, sizeof *s);
    ASSERT(s != NULL && n > 0);
    s->replies = calloc(n, sizeof *replies);
    ASSERT(s->replies != NULL);
    memcpy(s->replies, replies, n * sizeof *replies);
    s->replies_len = n;
    s->rude = rude;
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        s->conn[i].fd = -1;
    s->listen_fd = listen_somewhere(&s->port);
    ASSERT(pthread_mutex_init(&s->lock, NULL) == 0);
    ASSERT(pipe2(s->stop, O_CLOEXEC) == 0);
    ASSERT(pthread_create(&s->thread, NULL, run, s) == 0);
    return s;
}

struct http_server *
http_server_start(const struct reply *replies, size_t n)
{
    return http_server_start_rude(replies, n, 0);
}

void
http_server_stop(struct http_server *s)
{
    if (s == NULL) return;
    ASSERT(write(s->stop[1], "x", 1) == 1);
    ASSERT(pthread_join(s->thread, NULL) == 0);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        if (s->conn[i].fd >= 0) hang_up(&s->conn[i], false);
    (void)close(s->listen_fd);
    (void)close(s->stop[0]);
    (void)close(s->stop[1]);
    (void)pthread_mutex_destroy(&s->lock);
    free(s->replies);
    free(s);
}

int
http_server_port(const struct http_server *s)
{
    return s->port;
}

const char *
http_server_url(const struct http_server *s, const char *path)
{
    static char ring[16][640];
    static size_t next;
    char *url = ring[next++ % COUNT_OF(ring)];
    (void)snprintf(url, sizeof ring[0], "http://127.0.0.1:%d%s", s->port, path);
    return url;
}

size_t
http_server_seen(struct http_server *s)
{
    ASSERT(pthread_mutex_lock(&s->lock) == 0);
    size_t n = s->seen_len;
    ASSERT(pthread_mutex_unlock(&s->lock) == 0);
    return n;
}

int
http_server_accepted(struct http_server *s)
{
    ASSERT(pthread_mutex_lock(&s->lock) == 0);
    int n = s->accepted;
    ASSERT(pthread_mutex_unlock(&s->lock) == 0);
    return n;
}

struct seen_request
http_server_request(struct http_server *s, size_t i)
{
    ASSERT(pthread_mutex_lock(&s->lock) == 0);
    ASSERT(i < s->seen_len);
    struct seen_request r = s->seen[i];
    ASSERT(pthread_mutex_unlock(&s->lock) == 0);
    return r;
}

int
http_closed_port(void)
{
    int port = 0;
    (void)close(listen_somewhere(&port));
    return port;
}
