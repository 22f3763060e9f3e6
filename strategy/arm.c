#include "strategy/arm.h"

#include <strings.h>

#include "base/http.h"

static const char PAPER_HOST[] = "paper-api.alpaca.markets";
static const char LIVE_HOST[] = "api.alpaca.markets";

/* The URL's host is exactly this: "https://" host, then a port, a path or the end.  A user name
 * before it
 * ("https://paper-api...@elsewhere") is no host. */
static bool
url_has_host(const char *url, const char *host)
{
    size_t len = strlen(host);

    if (strncasecmp(url, "https://", 8) != 0 || strncasecmp(url + 8, host, len) != 0) return false;
    const char *rest = url + 8 + len;
    return strchr(":/?#", *rest) != NULL &&
           memchr(rest, '@', strcspn(rest, "/?#")) == NULL; /* NUL counts */
}

enum trade_mode
trade_mode_from(const char *word)
{
    char text[16];
    if (word == NULL) return MODE_OTHER;
    word += strspn(word, " \t\r\n");
    if (!str_copy(text, sizeof(text), word)) return MODE_OTHER;
    str_trim(text);
    if (str_eq_nocase(text, "PAPER")) return MODE_PAPER;
    return str_eq_nocase(text, "LIVE") ? MODE_LIVE : MODE_OTHER;
}

const char *
trade_mode_name(enum trade_mode m)
{
    return m == MODE_PAPER ? "PAPER" : m == MODE_LIVE ? "LIVE" : "OTHER";
}

const char *
arm_state_name(enum arm_state s)
{
    static const char *const names[] = {
        [ARMED] = "armed",
        [ARM_UNKNOWN_MODE] = "unknown_mode",
        [ARM_LIVE_ON_PAPER_URL] = "live_mode_on_paper_url",
        [ARM_PAPER_ON_LIVE_URL] = "paper_mode_on_live_url",
        [ARM_UNKNOWN_URL] = "unknown_url",
        [ARM_NO_LIVE_ACK] = "live_not_acknowledged",
    };
    return names[s];
}

enum broker_url_kind
broker_url_kind(const char *base_url)
{
    if (base_url == NULL) return URL_OTHER;
    if (url_has_host(base_url, PAPER_HOST)) return URL_PAPER;
    if (url_has_host(base_url, LIVE_HOST)) return URL_LIVE;
    return http_url_is_loopback(base_url) ? URL_LOOPBACK : URL_OTHER;
}

static bool
is_acknowledged(const char *ack)
{
    char text[64];
    if (ack == NULL) return false;
    ack += strspn(ack, " \t\r\n");
    if (!str_copy(text, sizeof(text), ack)) return false;
    str_trim(text);
    return strcmp(text, ARM_LIVE_ACK) == 0;
}

static enum arm_state
arm_state(enum trade_mode mode, enum broker_url_kind url, const struct broker_config *cfg)
{
    if (mode == MODE_OTHER) return ARM_UNKNOWN_MODE;
    if (mode == MODE_PAPER && url == URL_LIVE) return ARM_PAPER_ON_LIVE_URL;
    if (mode == MODE_LIVE && (url == URL_PAPER || url == URL_LOOPBACK))
        return ARM_LIVE_ON_PAPER_URL;
    if (url == URL_OTHER) return ARM_UNKNOWN_URL;
    if (mode == MODE_LIVE && cfg->require_live_ack && !is_acknowledged(cfg->live_ack))
        return ARM_NO_LIVE_ACK;
    return ARMED;
}

struct arm_verdict
arm_check(const struct broker_config *cfg)
{
    struct arm_verdict v = {.mode = trade_mode_from(cfg->trading_mode),
                            .url = broker_url_kind(cfg->base_url)};
    v.state = arm_state(v.mode, v.url, cfg);
    return v;
}
