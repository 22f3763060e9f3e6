/*
 * notify: tells the service manager how we are (sd_notify).  libsystemd is included here and in
 * systemd.c only.
 *
 * Everything is a no-op without NOTIFY_SOCKET, and none of it can fail the caller: a manager that
 * does not listen is its own trouble.
 */
#ifndef IO_NOTIFY_H
#define IO_NOTIFY_H

#include "base/compiler.h"

void notify_ready(const char *status);
void notify_status(const char *fmt, ...) PRINTF_LIKE(1, 2);
void notify_watchdog(void); /* still alive */
void notify_stopping(void);
void notify_reloading(void); /* to be followed by notify_ready */

/* How often the manager wants notify_watchdog: half of WatchdogSec; 0 = not at all. */
int64_t notify_watchdog_interval_ns(void);

#endif
