#include "io/notify.h"

#include <stdarg.h>
#include <systemd/sd-daemon.h>

#include "base/when.h"

enum { STATUS_MAX = 200 };

/* What sd_notify returns is left alone: see the header. */

void
notify_ready(const char *status)
{
    (void)sd_notifyf(0, "READY=1\nSTATUS=%.200s", status);
}

void
notify_status(const char *fmt, ...)
{
    char words[STATUS_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(words, sizeof words, fmt, args);
    va_end(args);
    (void)sd_notifyf(0, "STATUS=%s", words);
}

void
notify_watchdog(void)
{
    (void)sd_notify(0, "WATCHDOG=1");
}

void
notify_stopping(void)
{
    (void)sd_notify(0, "STOPPING=1");
}

void
notify_reloading(void)
{
    (void)sd_notify(0, "RELOADING=1");
}

int64_t
notify_watchdog_interval_ns(void)
{
    uint64_t limit_us = 0;
    if (sd_watchdog_enabled(0, &limit_us) <= 0 || limit_us > INT64_MAX / 1000) return 0;
    return (int64_t)limit_us * NS_PER_US / 2;
}
