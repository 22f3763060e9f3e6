#include "io/http_internal.h"

#include <strings.h>

#include "base/version.h"

enum { BODY_MAX_DEFAULT = 16 << 20, CONNECT_MS_DEFAULT = 5000 };

/* One request on its way. */
struct transfer {
    const struct http_request *req; /* NULL: none */
    struct curl_slist *headers;
    int64_t start_ns;
    struct http_response resp;
    size_t body_max;
    bool is_too_large;
    bool is_head_whole; /* the blank line behind the headers came: libcurl takes a head that was cut
                           off for an answer without a body */
    char words[CURL_ERROR_SIZE];
    char target[128]; /* method, scheme and host: what error texts may say */
};

struct curl_http {
    struct http_options opt;
    CURLM *multi;
    CURL *easy;
    struct transfer now;
};

/* ---- what is refused before anything is sent ----------------------------------------------- */

static bool
has_control(const char *s)
{
    for (; *s != '\0'; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f) return true;
    return false;
}

static bool
method_known(const char *method)
{
    static const char *const known[] = {"GET", "POST", "DELETE", "PATCH", "PUT"};
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (str_eq(method, known[i])) return true;
    return false;
}

static enum rc
check_headers(const struct http_request *req, struct err *err)
{
    if (req->headers_len > HTTP_HEADERS_MAX) return err_set(err, RC_RANGE, "too many headers");
    for (size_t i = 0; i < req->headers_len; i++) {
        const struct http_header *h = &req->headers[i];
        if (h->name[0] == '\0' || h->name[strcspn(h->name, ": ")] != '\0' || has_control(h->name))
            return err_set(err, RC_RANGE, "header %zu: bad name", i);
        if (strlen(h->value) >= HTTP_HEADER_VALUE_MAX)
            return err_set(err, RC_RANGE, "header %s: value too long", h->name);
        if (has_control(h->value))
            return err_set(err, RC_RANGE, "header %s: control character in the value", h->name);
    }
    return RC_OK;
}

enum rc
http_check_url(const char *url, struct err *err)
{
    bool is_https = str_starts(url, "https://"), is_http = str_starts(url, "http://");
    if (!is_https && !is_http) return err_set(err, RC_DENIED, "neither http nor https");
    const char *host = url + (is_https ? 8 : 7);
    if (has_control(url) || strchr(url, ' ') != NULL)
        return err_set(err, RC_RANGE, "blank or control character in the URL");
    if (memchr(host, '@', strcspn(host, "/?#")) != NULL)
        return err_set(err, RC_DENIED, "user name in the URL");
    if (is_http && !http_url_is_loopback(url))
        return err_set(err, RC_DENIED, "plain http to another machine");
    return RC_OK;
}

static enum rc
check_request(const struct http_request *req, struct err *err)
{
    if (!method_known(req->method)) return err_set(err, RC_RANGE, "method %.10s", req->method);
    enum rc rc = http_check_url(req->url, err);
    if (rc != RC_OK) return rc;
    if (req->timeout_ms <= 0 || req->timeout_ms > HTTP_TIMEOUT_MS_MAX)
        return err_set(err, RC_RANGE, "no timeout of 1 to %d ms", HTTP_TIMEOUT_MS_MAX);
    return check_headers(req, err);
}

/* ---- the answer ---------------------------------------------------------------------------- */

static size_t
on_body(char *bytes, size_t size, size_t n, void *ctx)
{
    struct transfer *t = ctx;
    size_t len = size * n;
    if (len > t->body_max - t->resp.body.len) {
        t->is_too_large = true;
        return 0; /* ends the transfer */
    }
    text_add(&t->resp.body, bytes, len);
    return len;
}

/* The value behind "Name:", trimmed, cut to the room there is. */
static void
copy_value(char *dst, size_t size, const char *value, size_t len)
{
    while (len > 0 && (*value == ' ' || *value == '\t'))
        value++, len--;
    while (len > 0 && (value[len - 1] == '\r' || value[len - 1] == '\n' || value[len - 1] == ' '))
        len--;
    (void)snprintf(dst, size, "%.*s", (int)MIN(len, size - 1), value);
}

static void
keep_extra(struct http_response *r, const char *line, size_t name_len, size_t len)
{
    if (r->extra_len == HTTP_HEADERS_MAX || name_len >= sizeof r->extra[0].name) return;
    char *name = r->extra[r->extra_len].name;
    for (size_t i = 0; i < name_len; i++)
        name[i] = (char)(line[i] >= 'A' && line[i] <= 'Z' ? line[i] - 'A' + 'a' : line[i]);
    name[name_len] = '\0';
    copy_value(r->extra[r->extra_len].value, sizeof r->extra[0].value, line + name_len + 1,
               len - name_len - 1);
    r->extra_len++;
}

static bool
name_is(const char *line, size_t name_len, const char *name)
{
    return strlen(name) == name_len && strncasecmp(line, name, name_len) == 0;
}

static size_t
on_header(char *line, size_t size, size_t n, void *ctx)
{
    struct transfer *t = ctx;
    size_t len = size * n;
    if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) { /* what an interim answer said is over */
        t->resp.extra_len = 0;
        t->resp.content_type[0] = t->resp.retry_after[0] = '\0';
        t->is_head_whole = false;
        return len;
    }
    if (len > 0 && (line[0] == '\r' || line[0] == '\n')) t->is_head_whole = true;
    const char *colon = memchr(line, ':', len);
    if (colon == NULL) return len;
    size_t name_len = (size_t)(colon - line);
    if (name_is(line, name_len, "content-type"))
        copy_value(t->resp.content_type, sizeof t->resp.content_type, colon + 1,
                   len - name_len - 1);
    else if (name_is(line, name_len, "retry-after"))
        copy_value(t->resp.retry_after, sizeof t->resp.retry_after, colon + 1, len - name_len - 1);
    else if (name_len > 2 && strncasecmp(line, "x-", 2) == 0)
        keep_extra(&t->resp, line, name_len, len);
    return len;
}

/* ---- the request --------------------------------------------------------------------------- */

#define SET(option, value)                                                                         \
    do {                                                                                           \
        CURLcode failed = curl_easy_setopt(easy, (option), (value));                               \
        if (failed != CURLE_OK) return failed;                                                     \
    } while (0)

CURLcode
http_set_policy(CURL *easy, const char *url, const char *ca_file)
{
    SET(CURLOPT_NOSIGNAL, 1L);
    /* A name that cannot be looked up must not hold a cancelled request until the resolver gives
     * up. */
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_ACCEPT_ENCODING, "gzip");
    SET(CURLOPT_USERAGENT, "stockbot/" STOCKBOT_VERSION);
    SET(CURLOPT_URL, url);
    if (http_url_is_loopback(url)) SET(CURLOPT_PROXY, "");
    if (ca_file != NULL) SET(CURLOPT_CAINFO, ca_file);
    return CURLE_OK;
}

static CURLcode
set_request(CURL *easy, struct transfer *t)
{
    const struct http_request *req = t->req;
    bool is_get = str_eq(req->method, "GET");
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_CUSTOMREQUEST, req->method);
    SET(CURLOPT_HTTPHEADER, t->headers);
    SET(CURLOPT_TIMEOUT_MS, (long)req->timeout_ms);
    SET(CURLOPT_CONNECTTIMEOUT_MS,
        (long)(req->connect_timeout_ms > 0 ? req->connect_timeout_ms : CONNECT_MS_DEFAULT));
    SET(CURLOPT_FRESH_CONNECT, is_get ? 0L : 1L);
    SET(CURLOPT_FORBID_REUSE, is_get ? 0L : 1L);
    if (req->body != NULL || (!is_get && !str_eq(req->method, "DELETE"))) {
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(req->body != NULL ? req->body_len : 0));
        SET(CURLOPT_POSTFIELDS, req->body != NULL ? req->body : "");
    }
    SET(CURLOPT_WRITEDATA, t);
    SET(CURLOPT_HEADERDATA, t);
    SET(CURLOPT_ERRORBUFFER, t->words);
    return CURLE_OK;
}

#undef SET

/* NULL if there is no memory. */
static struct curl_slist *
make_headers(const struct http_request *req)
{
    /* libcurl would wait for a "100 Continue" before a larger body. */
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    for (size_t i = 0; i < req->headers_len && list != NULL; i++) {
        char line[HTTP_HEADER_VALUE_MAX + 256];
        const struct http_header *h = &req->headers[i];
        /* "Name;" is how libcurl spells a header without a value. */
        (void)snprintf(line, sizeof line, h->value[0] == '\0' ? "%s;" : "%s: %s", h->name,
                       h->value);
        struct curl_slist *longer = curl_slist_append(list, line);
        if (longer == NULL) curl_slist_free_all(list);
        list = longer;
    }
    return list;
}

/* ---- running ------------------------------------------------------------------------------- */

/* Was a byte of the request handed to the system?  If not, the server cannot know of it. */
static bool
was_sent(CURL *easy)
{
    long bytes = 0;
    return curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &bytes) != CURLE_OK || bytes > 0;
}

static bool
is_stopped(const struct curl_http *h)
{
    return h->opt.stop != NULL && *h->opt.stop != 0;
}

/* What can be done without waiting; true once the transfer is over. */
static bool
advance(struct curl_http *h, CURLcode *ret_code)
{
    int running = 0, left = 0;

    *ret_code = CURLE_FAILED_INIT;
    if (curl_multi_perform(h->multi, &running) != CURLM_OK) return true;
    if (running > 0) return false;
    const CURLMsg *msg = curl_multi_info_read(h->multi, &left);
    if (msg != NULL && msg->msg == CURLMSG_DONE) *ret_code = msg->data.result;
    return true;
}

/* Until the transfer is over or a stop was asked for; CURLE_ABORTED_BY_CALLBACK for the latter. */
static CURLcode
pump(struct curl_http *h)
{
    int64_t told_ns = clock_mono(h->opt.clock);
    for (;;) {
        CURLcode code;
        if (advance(h, &code)) return code;
        if (is_stopped(h)) return CURLE_ABORTED_BY_CALLBACK;
        if (curl_multi_poll(h->multi, NULL, 0, HTTP_STOP_CHECK_MS, NULL) != CURLM_OK)
            return CURLE_FAILED_INIT;
        int64_t now_ns = clock_mono(h->opt.clock);
        if (h->opt.progress != NULL &&
            now_ns - told_ns >= (HTTP_PROGRESS_MS - HTTP_STOP_CHECK_MS) * NS_PER_MS) {
            h->opt.progress(h->opt.progress_ctx);
            told_ns = now_ns;
        }
    }
}

/*
 * What libcurl's result means for the caller.  Once a byte of the request was sent the server may
 * have acted on it: everything but a whole answer is then RC_UNKNOWN, except an answer to a GET
 * that is merely too large.
 */
static enum rc
judge(const struct transfer *t, CURLcode code, bool is_sent, struct err *err)
{
    const char *words = t->words[0] != '\0' ? t->words : curl_easy_strerror(code);
    if (code == CURLE_OK && t->is_head_whole) return RC_OK;
    if (code == CURLE_OK) return err_set(err, RC_UNKNOWN, "%s: the answer was cut off", t->target);
    if (t->is_too_large)
        return err_set(err, str_eq(t->req->method, "GET") ? RC_RANGE : RC_UNKNOWN,
                       "%s: the answer is larger than %zu bytes", t->target, t->body_max);
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return err_set(err, is_sent ? RC_UNKNOWN : RC_STOPPED, "%s: cancelled %s", t->target,
                       is_sent ? "while waiting for the answer" : "before it was sent");
    return err_set(err, is_sent ? RC_UNKNOWN : RC_IO, "%s: %s", t->target, words);
}

/* Nothing is under way any more; connections stay. */
static void
forget(struct curl_http *h)
{
    curl_easy_reset(h->easy);
    curl_slist_free_all(h->now.headers);
    http_response_free(&h->now.resp);
    h->now.req = NULL;
    h->now.headers = NULL;
}

static enum rc
begin(struct curl_http *h, const struct http_request *req, struct err *err)
{
    struct transfer *t = &h->now;
    const char *host = strstr(req->url, "://");
    size_t origin_len =
        host == NULL ? 0 : (size_t)(host - req->url) + 3 + strcspn(host + 3, "/?#@");

    *t = (struct transfer){.req = req};
    t->body_max = req->body_max > 0 ? req->body_max : BODY_MAX_DEFAULT;
    (void)snprintf(t->target, sizeof t->target, "%.10s %.*s", req->method,
                   (int)MIN(origin_len, (size_t)100), req->url);
    if (check_request(req, err) != RC_OK) return err_wrap(err, "%s", t->target);
    if (is_stopped(h))
        return err_set(err, RC_STOPPED, "%s: cancelled before it was sent", t->target);
    t->headers = make_headers(req);
    if (t->headers == NULL) return err_set(err, RC_NOMEM, "%s: out of memory", t->target);
    CURLcode code = http_set_policy(h->easy, req->url, h->opt.ca_file);
    if (code == CURLE_OK) code = set_request(h->easy, t);
    if (code != CURLE_OK)
        return err_set(err, RC_IO, "%s: libcurl: %s", t->target, curl_easy_strerror(code));
    if (curl_multi_add_handle(h->multi, h->easy) != CURLM_OK)
        return err_set(err, RC_IO, "%s: libcurl took no request", t->target);
    t->start_ns = clock_mono(h->opt.clock);
    return RC_OK;
}

static enum rc
end(struct curl_http *h, CURLcode code, struct http_response *ret_resp, struct err *err)
{
    struct transfer *t = &h->now;
    bool is_sent = was_sent(h->easy);
    long status = 0;

    t->resp.latency_ms = (clock_mono(h->opt.clock) - t->start_ns) / NS_PER_MS;
    (void)curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status); /* stays 0 where it fails */
    (void)curl_multi_remove_handle(h->multi, h->easy);                 /* it was added in begin() */
    t->resp.status = (int)status;
    enum rc rc = judge(t, code, is_sent, err);
    if (rc == RC_OK) {
        *ret_resp = t->resp;
        t->resp = (struct http_response){0};
    }
    forget(h);
    return rc;
}

static enum rc
seam_perform(void *self, const struct http_request *req, struct http_response *ret_resp,
             struct err *err)
{
    struct curl_http *h = self;
    enum rc rc = begin(h, req, err);

    if (rc == RC_OK) return end(h, pump(h), ret_resp, err);
    forget(h);
    return rc;
}

/* ---- public -------------------------------------------------------------------------------- */

enum rc
curl_http_new(const struct http_options *opt, struct curl_http **ret_http, struct err *err)
{
    /* A peer that closes a TLS connection while we write must cost an error, not the process. */
    (void)signal(SIGPIPE, SIG_IGN);
    /* Counted by libcurl: each client takes one and gives it back. */
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return err_set(err, RC_NOMEM, "libcurl: start");
    struct curl_http *h = calloc(1, sizeof *h);
    if (h != NULL) {
        *h = (struct curl_http){.opt = *opt, .multi = curl_multi_init(), .easy = curl_easy_init()};
        if (h->multi != NULL && h->easy != NULL) {
            *ret_http = h;
            return RC_OK;
        }
        curl_easy_cleanup(h->easy);
        (void)curl_multi_cleanup(h->multi); /* nothing was ever in it */
        free(h);
    }
    curl_global_cleanup();
    return err_set(err, RC_NOMEM, "libcurl: out of memory");
}

enum rc
curl_http_begin(struct curl_http *h, const struct http_request *req, struct err *err)
{
    enum rc rc = begin(h, req, err);

    if (rc != RC_OK) forget(h);
    return rc;
}

enum rc
curl_http_look(struct curl_http *h, struct http_response *ret_resp, struct err *err)
{
    CURLcode code;

    if (!advance(h, &code)) return RC_BUSY;
    return end(h, code, ret_resp, err);
}

void
curl_http_free(struct curl_http *h)
{
    if (h == NULL) return;
    if (h->now.req != NULL) (void)curl_multi_remove_handle(h->multi, h->easy); /* given up */
    forget(h);
    curl_easy_cleanup(h->easy);
    (void)curl_multi_cleanup(h->multi); /* nothing is in it any more */
    free(h);
    curl_global_cleanup();
}

struct http
curl_http_seam(struct curl_http *h)
{
    return (struct http){.self = h, .perform = seam_perform};
}
