/*
 * Requests to Alpaca's REST hosts: headers, bounded retries of reads, error bodies in words.
 *
 * Reads are retried on 429, 500, 502, 503, 504 and on connection errors: three attempts, 0.5 s and
 * 1 s apart (spec 10 R5.39), or as Retry-After says up to 5 s.  Nothing else is ever sent twice.
 */
#ifndef BROKER_BROKER_HTTP_H
#define BROKER_BROKER_HTTP_H

#include "base/clock.h"
#include "base/http.h"
#include "base/json.h"
#include "config/config.h"

enum { READ_ATTEMPTS = 3, REQUEST_TIMEOUT_MS = 10000 };

struct alpaca_http {
    struct http http;
    struct clock clock;
    const struct broker_config *cfg;
};

enum alpaca_host { HOST_TRADING, HOST_DATA };

/*
 * GET path on a host.  Gives the parsed body of a 200 (json_free).
 *
 * RC_NOT_FOUND for 404, RC_RANGE for another 4xx (the broker's message in the text), RC_IO where
 * nothing was reached, RC_UNKNOWN for 5xx and broken answers after the last attempt, RC_PARSE for a
 * 200 that is no JSON, RC_STOPPED when cancelled.
 */
enum rc alpaca_read(const struct alpaca_http *a, enum alpaca_host host, const char *path,
                    struct json **ret_doc, struct err *err) MUST_USE;

struct alpaca_answer {
    int status;
    struct text body; /* as received; of a failure without the secrets, should it repeat them */
    struct json *doc; /* NULL where the body is no JSON or empty */
};
void alpaca_answer_free(struct alpaca_answer *a); /* fits CLEANUP */

/* Sends POST or DELETE once.  RC_OK whenever an HTTP status came; other codes as base/http.h. */
enum rc alpaca_send_once(const struct alpaca_http *a, const char *method, const char *path,
                         const struct text *body, struct alpaca_answer *ret_answer,
                         struct err *err) MUST_USE;

/* "message (code)" of an error body, "no JSON body" for NULL. */
const char *alpaca_error_text(const struct json *doc, char *buf, size_t size);

/* The numeric code of an error body, 0 where there is none. */
int64_t alpaca_error_code(const struct json *doc);

#endif
