/*
 * uw_desk: the Unusual Whales client of a command, with the network and the API description it
 * needs.
 */
#ifndef SCRIPTS_UW_DESK_H
#define SCRIPTS_UW_DESK_H

#include "io/http.h"
#include "scripts/runner.h"
#include "uwclient/client.h"

struct uw_desk {
    struct curl_http *curl;
    struct http http;
    struct text spec_path;
    struct uw_client client;
    bool has_client;
};

/*
 * Opens it over the runner's root, which must stay.  A missing description is no failure: calls are
 * refused then, and say so.  To be given back with uw_desk_close in any case.
 *
 * RC_DENIED: the configuration cannot be used.
 */
enum rc uw_desk_open(struct uw_desk *d, struct runner *r, struct err *err) MUST_USE;
void uw_desk_close(struct uw_desk *d);

#endif
