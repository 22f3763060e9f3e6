#include "model/symbol.h"

#include <string.h>

#include "base/text.h"

enum { SYMBOL_LEN_MAX = 10 };

static bool
is_alnum(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool
symbol_valid(const char *s)
{
    size_t len = strnlen(s, SYMBOL_LEN_MAX + 1);

    if (!is_alnum(s[0]) || len > SYMBOL_LEN_MAX) return false;
    for (size_t i = 1; i < len; i++) {
        if (!is_alnum(s[i]) && s[i] != '.' && s[i] != '-') return false;
    }
    return true;
}

bool
symbol_set(char dst[SYMBOL_MAX], const char *src)
{
    char room[SYMBOL_MAX];

    src += strspn(src, " \t\n\v\f\r");
    size_t len = strcspn(src, " \t\n\v\f\r");
    bool is_one_word = src[len + strspn(src + len, " \t\n\v\f\r")] == '\0';
    dst[0] = '\0';
    if (!is_one_word || len >= sizeof(room)) return false;
    memcpy(room, src, len);
    room[len] = '\0';
    str_upper(room);
    return symbol_valid(room) && str_copy(dst, SYMBOL_MAX, room);
}

const char *
symbol_normal_form(const char *s)
{
    return str_eq(s, "GOOG") ? "GOOGL" : s;
}

const char *
symbol_sector(const char *s)
{
    static const struct {
        const char *sector;
        const char *symbols[16];
    } table[] = {
        {"Technology",
         {"AAPL", "MSFT", "GOOGL", "GOOG", "META", "NVDA", "AMD", "INTC", "NFLX", "TSLA", "PLTR"}},
        {"Financial",
         {"JPM", "BAC", "GS", "MS", "C", "WFC", "BLK", "V", "MA", "COIN", "SOFI", "HOOD"}        },
        {"Energy",     {"XOM", "CVX", "COP", "SLB"}                                              },
        {"Healthcare", {"JNJ", "PFE", "MRNA", "UNH"}                                             },
        {"Consumer",   {"WMT", "TGT", "COST", "HD", "LOW", "F", "GM", "NIO", "RIVN", "LCID"}     },
        {"Industrial", {"BA", "CAT"}                                                             },
        {"ETF",        {"SPY", "QQQ", "IWM", "DIA", "XLF", "XLE", "XLK", "XLV", "XLI", "XLP"}    },
    };

    for (size_t i = 0; i < COUNT_OF(table); i++) {
        for (size_t j = 0; j < COUNT_OF(table[i].symbols) && table[i].symbols[j] != NULL; j++) {
            if (str_eq(s, table[i].symbols[j])) return table[i].sector;
        }
    }
    return "Unknown";
}
