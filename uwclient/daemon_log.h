/*
 * What the daemon writes down (spec 20 3.12); inside uwclient only.
 */
#ifndef UWCLIENT_DAEMON_LOG_H
#define UWCLIENT_DAEMON_LOG_H

#include "uwclient/daemon.h"

void say_started(const struct daemon *d);
void say_stopped(const struct daemon *d, const char *reason);
/* The status has changed; previous ones are ended by an event of their own. */
void say_status(struct daemon *d, enum daemon_status to, int64_t until_ns, const char *reason);
void say_job_disabled(const struct daemon *d, const struct job *j, int status);
void say_fallback(const struct daemon *d, const struct job *j,
                  int status); /* the cached data stand */
/* UW_API_RATE_LIMITED and UW_API_ERROR of data/uw_flow_cache.log.jsonl. */
void say_answer(struct daemon *d, const struct uw_call *call, const struct uw_answer *a);
/* logs/uw_raw_payloads.jsonl: the last five answers. */
void keep_payload(struct daemon *d, const struct uw_call *call, const struct uw_answer *a);
/* One line of logs/uw_daemon.jsonl. */
void say_cycle(const struct daemon *d, const char *session, const struct usage_view *view);

#endif
