#include "base/http.h"

#include <arpa/inet.h>
#include <strings.h>

void
http_response_free(struct http_response *r)
{
    text_free(&r->body);
    *r = (struct http_response){0};
}

const char *
http_header(const struct http_response *r, const char *lower_name)
{
    for (size_t i = 0; i < r->extra_len; i++) {
        if (str_eq(r->extra[i].name, lower_name)) return r->extra[i].value;
    }
    return NULL;
}

static bool
host_is_loopback(const char *host)
{
    struct in_addr v4;

    if (str_eq_nocase(host, "localhost") || str_eq(host, "[::1]")) return true;
    /* Dotted quads only: short forms such as 127.1 are for the resolver to interpret, not for a
     * guard. */
    return inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127;
}

bool
http_url_is_loopback(const char *url)
{
    char host[64];
    size_t len = 0;

    if (strncasecmp(url, "http://", 7) == 0)
        url += 7;
    else if (strncasecmp(url, "https://", 8) == 0)
        url += 8;
    else
        return false;

    size_t authority = strcspn(url, "/?#");
    /* user@host: what stands first is not the host. */
    if (memchr(url, '@', authority) != NULL || authority >= sizeof(host)) return false;
    memcpy(host, url, authority);
    host[authority] = '\0';

    len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
    if (len > authority) return false;
    const char *port = host + len;
    if (*port == ':')
        port++;
    else if (*port != '\0')
        return false;
    if (strspn(port, "0123456789") != strlen(port)) return false;
    host[len] = '\0';
    return host_is_loopback(host);
}

static bool
is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void
http_escape(struct text *to, const char *value)
{
    for (; *value != '\0'; value++) {
        if (is_unreserved(*value))
            text_putc(to, *value);
        else
            text_printf(to, "%%%02X", (unsigned)(uint8_t)*value);
    }
}
