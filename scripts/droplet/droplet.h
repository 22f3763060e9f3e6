/*
 * The server operated from the operator's machine: its day run there in order, its files fetched
 * (contract 4.7, spec 40 8).  Nothing here can reach an order or stop v1.
 *
 *   run_uw_intel_on_droplet.c   options, the three modes, the two wrappers
 *   droplet_steps.c             the programs, there or here
 *   droplet_fetch.c             files, log tails, the telemetry bundle; are they sound?
 *   remote.c                    one command on the server
 *
 * All lies below droplet_sync/DATE, with a log of its own: sync_log.jsonl.
 */
#ifndef SCRIPTS_DROPLET_H
#define SCRIPTS_DROPLET_H

#include "scripts/job.h"
#include "scripts/droplet/remote.h"

enum droplet_phase { DROPLET_ALL, DROPLET_PRE, DROPLET_POST };

struct droplet_wish {
    bool no_pull, no_ssh, heal_daemon, postclose_pack, full_telemetry;
    int64_t telemetry_max_log_bytes, telemetry_tail_lines;
    enum droplet_phase phase;
};

struct droplet {
    const struct job *job;
    const struct droplet_wish *wish;
    struct remote remote;
    char folder[64]; /* droplet_sync/DATE */
    bool was_ready_asked, is_ready;
};

/* One line of the sync log; a log that cannot be written stops nothing. fields end with F_END. */
void droplet_note(const struct droplet *d, const char *event, const struct field *fields);
#define NOTE(d, event, ...) droplet_note((d), (event), (const struct field[]){__VA_ARGS__, F_END})

/* The regression run there; RC_DENIED or RC_IO where nothing may go on, which is noted. */
enum rc droplet_gate(struct droplet *d, struct err *err) MUST_USE;
/* The programs of the day there; failures are noted and stop nothing. */
void droplet_steps(struct droplet *d);
void droplet_pack(const struct droplet *d);
/* The same here, in mock mode, without a connection. */
void droplet_steps_here(struct droplet *d);
void droplet_pack_here(const struct droplet *d);

void droplet_fetch(const struct droplet *d);
void droplet_fetch_bundle(const struct droplet *d);
void droplet_fetch_pack(const struct droplet *d);
void droplet_copy_here(const struct droplet *d);
void droplet_copy_pack_here(const struct droplet *d);

#endif
