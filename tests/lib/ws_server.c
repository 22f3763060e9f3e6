#include "tests/lib/ws_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/sha.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"

#define WS_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* RFC 6455 1.3 */

enum { FRAME_MAX = 1024, TEXT_OP = 1, BINARY_OP = 2, CLOSE_OP = 8, PING_OP = 9 };

struct ws_server {
    pthread_t thread;
    pthread_mutex_t lock; /* over what the test reads */
    const struct ws_script *scripts;
    size_t scripts_len;
    int listen_fd, port, stop[2], accepted;
    char seen[WS_SEEN_MAX][FRAME_MAX];
    size_t seen_len;
};

/* Waits for a byte; false where the test is over. */
static bool
readable(const struct ws_server *s, int fd)
{
    struct pollfd fds[] = {
        {.fd = fd,         .events = POLLIN},
        {.fd = s->stop[0], .events = POLLIN},
    };

    return poll(fds, 2, -1) > 0 && fds[1].revents == 0;
}

static bool
read_all(const struct ws_server *s, int fd, void *to, size_t len)
{
    unsigned char *at = to;

    while (len > 0) {
        ssize_t n = readable(s, fd) ? read(fd, at, len) : -1;

        if (n <= 0) return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

static bool
write_all(int fd, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;

    while (len > 0) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL);

        if (n <= 0) return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

/* ---- the handshake -------------------------------------------------------------------------- */

static void
base64(const unsigned char *in, size_t len, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n = 0;

    for (size_t i = 0; i < len; i += 3) {
        unsigned v = (unsigned)in[i] << 16;

        if (i + 1 < len) v |= (unsigned)in[i + 1] << 8;
        if (i + 2 < len) v |= in[i + 2];
        out[n++] = digits[v >> 18 & 63];
        out[n++] = digits[v >> 12 & 63];
        out[n++] = digits[v >> 6 & 63];
        out[n++] = digits[v & 63];
        if (i + 1 >= len) out[n - 2] = '=';
        if (i + 2 >= len) out[n - 1] = '=';
    }
    out[n] = '\0';
}

static bool
shake_hands(const struct ws_server *s, int fd, bool is_refused)
{
    static const char NO[] = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
    char head[4096] = "", key[128], accept[64], answer[256];
    unsigned char sha[SHA_DIGEST_LENGTH];
    size_t len = 0;

    while (strstr(head, "\r\n\r\n") == NULL) {
        if (len + 1 >= sizeof(head) || !read_all(s, fd, head + len, 1)) return false;
        head[++len] = '\0';
    }
    if (is_refused) {
        (void)write_all(fd, NO, sizeof(NO) - 1);
        return false;
    }
    const char *at = strcasestr(head, "sec-websocket-key:");
    if (at == NULL) return false;
    at += 18;
    at += strspn(at, " ");
    (void)snprintf(key, sizeof(key), "%.*s" WS_GUID, (int)MIN(strcspn(at, "\r"), (size_t)60), at);
    (void)SHA1((const unsigned char *)key, strlen(key), sha);
    base64(sha, sizeof(sha), accept);
    int n = snprintf(answer, sizeof(answer),
                     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                     accept);
    return write_all(fd, answer, (size_t)n);
}

/* ---- frames --------------------------------------------------------------------------------- */

static bool
send_frame(int fd, unsigned first, const char *bytes, size_t len)
{
    unsigned char head[10] = {(unsigned char)first};
    size_t n = 2;

    if (len < 126) {
        head[1] = (unsigned char)len;
    } else {
        head[1] = 127;
        for (int i = 0; i < 8; i++)
            head[2 + i] = (unsigned char)(len >> (56 - 8 * i));
        n = 10;
    }
    return write_all(fd, head, n) && write_all(fd, bytes, len);
}

/* One frame of the client, which is masked and short. */
static bool
read_frame(struct ws_server *s, int fd)
{
    unsigned char head[2], more[2], mask[4];
    char bytes[FRAME_MAX - 8] = "";

    if (!read_all(s, fd, head, 2)) return false;
    size_t len = head[1] & 127;
    if (len == 126) {
        if (!read_all(s, fd, more, 2)) return false;
        len = (size_t)more[0] * 256 + more[1];
    }
    if (len >= sizeof(bytes) || !read_all(s, fd, mask, 4) || !read_all(s, fd, bytes, len))
        return false;
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)(bytes[i] ^ (char)mask[i % 4]);
    (void)pthread_mutex_lock(&s->lock);
    if (s->seen_len < WS_SEEN_MAX)
        (void)snprintf(s->seen[s->seen_len++], FRAME_MAX, "%x %s", head[0] & 15u, bytes);
    (void)pthread_mutex_unlock(&s->lock);
    return true;
}

static bool
play_large(int fd, size_t len)
{
    char *bytes = calloc(1, len);

    memset(bytes, 'x', len);
    bool ok = send_frame(fd, 0x80 | TEXT_OP, bytes, len);
    free(bytes);
    return ok;
}

static bool
play_line(struct ws_server *s, int fd, const struct ws_line *l)
{
    size_t len = l->bytes == NULL ? 0 : strlen(l->bytes);

    switch (l->step) {
    case WS_TEXT:
        return send_frame(fd, 0x80 | TEXT_OP, l->bytes, len);
    case WS_BINARY:
        return send_frame(fd, 0x80 | BINARY_OP, l->bytes, len);
    case WS_PARTS:
        return send_frame(fd, TEXT_OP, l->bytes, len / 2) &&
               send_frame(fd, 0x80, l->bytes + len / 2, len - len / 2);
    case WS_RAW:
        return write_all(fd, l->bytes, l->len);
    case WS_LARGE:
        return play_large(fd, l->len);
    case WS_EXPECT:
        return read_frame(s, fd);
    case WS_PING:
        return send_frame(fd, 0x80 | PING_OP, "hi", 2) && read_frame(s, fd);
    case WS_CLOSE:
        (void)send_frame(fd, 0x80 | CLOSE_OP, "\x03\xf3", 2);
        return false;
    case WS_END:
    case WS_RESET:
    case WS_REFUSE:
        return false;
    }
    return false;
}

static void
serve(struct ws_server *s, int fd, const struct ws_script *script)
{
    bool goes_on = shake_hands(s, fd, script->line[0].step == WS_REFUSE);
    size_t i = 0;

    while (goes_on && i < WS_LINES_MAX && script->line[i].step != WS_END)
        goes_on = play_line(s, fd, &script->line[i++]);
    char rest;
    while (goes_on && read_all(s, fd, &rest, 1))
        continue;
    (void)close(fd);
}

static void *
run(void *ctx)
{
    struct ws_server *s = ctx;

    while (readable(s, s->listen_fd)) {
        int fd = accept(s->listen_fd, NULL, NULL);

        if (fd < 0) break;
        (void)pthread_mutex_lock(&s->lock);
        size_t number = (size_t)s->accepted++;
        (void)pthread_mutex_unlock(&s->lock);
        serve(s, fd, &s->scripts[MIN(number, s->scripts_len - 1)]);
    }
    return NULL;
}

struct ws_server *
ws_server_start(const struct ws_script *scripts, size_t n)
{
    struct ws_server *s = calloc(1, sizeof(*s));
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t len = sizeof(at);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->scripts = scripts;
    s->scripts_len = n;
    s->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT(bind(s->listen_fd, (struct sockaddr *)&at, sizeof(at)) == 0);
    ASSERT(listen(s->listen_fd, 8) == 0 && pipe(s->stop) == 0);
    ASSERT(getsockname(s->listen_fd, (struct sockaddr *)&at, &len) == 0);
    s->port = ntohs(at.sin_port);
    ASSERT(pthread_mutex_init(&s->lock, NULL) == 0);
    ASSERT(pthread_create(&s->thread, NULL, run, s) == 0);
    return s;
}

void
ws_server_stop(struct ws_server *s)
{
    if (s == NULL) return;
    ssize_t told = write(s->stop[1], "x", 1);
    ASSERT(told == 1 && pthread_join(s->thread, NULL) == 0);
    (void)close(s->listen_fd);
    (void)close(s->stop[0]);
    (void)close(s->stop[1]);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

int
ws_server_port(const struct ws_server *s)
{
    return s->port;
}

int
ws_server_accepted(struct ws_server *s)
{
    (void)pthread_mutex_lock(&s->lock);
    int n = s->accepted;
    (void)pthread_mutex_unlock(&s->lock);
    return n;
}

const char *
ws_server_seen(struct ws_server *s, size_t i)
{
    (void)pthread_mutex_lock(&s->lock);
    const char *text = i < s->seen_len ? s->seen[i] : "";
    (void)pthread_mutex_unlock(&s->lock);
    return text;
}
