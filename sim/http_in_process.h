/*
 * The simulated market as the HTTP seam (base/http.h): the same requests and bodies as over
 * loopback, without a socket.  For whole-service simulations, where one seed gives the same bytes
 * twice.
 *
 * A broken connection (reset, drop, truncated body) is RC_UNKNOWN, as the real client says.  A
 * delay beyond the request's time-out is RC_UNKNOWN too; the request was executed.
 */
#ifndef SIM_HTTP_IN_PROCESS_H
#define SIM_HTTP_IN_PROCESS_H

#include "base/http.h"
#include "sim/sim.h"

struct http http_in_process(struct sim *sim); /* borrowed */

#endif
