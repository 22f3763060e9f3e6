/*
 * What http.c and websocket.c share of libcurl; never included from elsewhere.
 */
#ifndef IO_HTTP_INTERNAL_H
#define IO_HTTP_INTERNAL_H

#include <curl/curl.h>

#include "io/http.h"

/* https, or http to this machine; no user name, no blanks. */
enum rc http_check_url(const char *url, struct err *err) MUST_USE;

/* What is the same for every connection: certificates, protocols, proxies, no redirects. */
CURLcode http_set_policy(CURL *easy, const char *url, const char *ca_file);

#endif
