/*
 * sim_handle() behind HTTP on 127.0.0.1: libmicrohttpd without threads of its own, run by the
 * caller's loop.
 *
 * Delays suspend the connection, so one slow answer holds up no other.
 */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include "sim/sim.h"

struct server;

/* port 0 = any free one.  sim is borrowed until server_close. */
enum rc server_open(struct sim *sim, int port, struct server **ret_server,
                    struct err *err) MUST_USE;
void server_close(struct server *s);

int server_port(const struct server *s);
int server_fd(const struct server *s); /* readable when there is something to do */
int64_t
server_deadline_ns(struct server *s); /* monotonic: call server_run by then; INT64_MAX for never */
void server_run(struct server *s);    /* does what is ready, never waits */

#endif
