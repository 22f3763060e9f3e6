#include "base/err.h"

#include <stdarg.h>

const char *
rc_name(enum rc code)
{
    switch (code) {
    case RC_OK:
        return "ok";
    case RC_NOMEM:
        return "nomem";
    case RC_NOT_FOUND:
        return "not_found";
    case RC_IO:
        return "io";
    case RC_PARSE:
        return "parse";
    case RC_RANGE:
        return "range";
    case RC_DENIED:
        return "denied";
    case RC_UNKNOWN:
        return "unknown";
    case RC_TIMEOUT:
        return "timeout";
    case RC_BUSY:
        return "busy";
    case RC_STOPPED:
        return "stopped";
    }
    return "invalid";
}

/* Puts "head", ": " and "tail" into the sentence; what does not fit is cut.  Either may be part of
 * e. */
static void
join(struct err *e, const char *head, const char *tail)
{
    char both[ERR_TEXT_MAX];
    int len = snprintf(both, sizeof(both), "%s%s%s", head, tail[0] != '\0' ? ": " : "", tail);

    memcpy(e->text, both, MIN((size_t)MAX(len, 0), sizeof(both) - 1) + 1);
}

enum rc
err_set(struct err *e, enum rc code, const char *fmt, ...)
{
    char head[ERR_TEXT_MAX];
    va_list args;

    if (e == NULL) return code;
    va_start(args, fmt);
    (void)vsnprintf(head, sizeof(head), fmt, args); /* a cut sentence is still a sentence */
    va_end(args);
    e->code = code;
    join(e, head, "");
    return code;
}

enum rc
err_sys(struct err *e, enum rc code, int sys_errno, const char *fmt, ...)
{
    char head[ERR_TEXT_MAX];
    const char *words = strerrordesc_np(sys_errno);
    va_list args;

    if (e == NULL) return code;
    va_start(args, fmt);
    (void)vsnprintf(head, sizeof(head), fmt, args);
    va_end(args);
    e->code = code;
    join(e, head, words != NULL ? words : "unknown system error");
    return code;
}

enum rc
err_wrap(struct err *e, const char *fmt, ...)
{
    char head[ERR_TEXT_MAX];
    va_list args;

    if (e == NULL) return RC_UNKNOWN;
    va_start(args, fmt);
    (void)vsnprintf(head, sizeof(head), fmt, args);
    va_end(args);
    join(e, head, e->text);
    return e->code;
}

void
assert_failed(const char *fact, const char *file, int line)
{
    (void)fprintf(stderr, "%s:%d: broken invariant: %s\n", file, line, fact);
    abort();
}
