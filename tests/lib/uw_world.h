/*
 * Everything a client of the Unusual Whales API needs, in a root of its own, without a network.
 */
#ifndef TESTS_LIB_UW_WORLD_H
#define TESTS_LIB_UW_WORLD_H

#include "io/lock.h"
#include "sim/mem_fs.h"
#include "state/store.h"
#include "tests/lib/fake_http.h"
#include "tests/lib/seams.h"
#include "uwclient/client.h"

#define UW_SHIPPED_SPEC "unusual_whales_api/api_spec.yaml" /* tests run in the source root */
#define UW_TEST_KEY     "k3y-that-nobody-may-see"

struct uw_world {
    struct test_root root; /* not of a world in memory */
    struct mem_fs *disk;   /* of a world in memory */
    struct fs fs;
    struct test_clock time;
    struct clock clock;
    struct test_log events;
    struct log log;
    struct state_store state;
    struct store store;
    struct posix_locks posix_locks;
    struct locks locks;
    struct zone *ny;
    struct fake_http net;
    struct http http;
    struct uw_config cfg;
    char spec_path[1024];
    struct uw_client client;
    bool has_client;
};

/* A root, seams, ACME, ZETA and SPY configured, a key, the default limits; the clock at the
 * instant. */
void uw_world_make(struct uw_world *w, const char *now_iso);
/* The same with a disk in memory and locks that are always free: for whole days. */
void uw_world_make_fast(struct uw_world *w, const char *now_iso);
void uw_world_remove(struct uw_world *w);

/* The client, made anew: as a restarted process would be. */
struct uw_client *uw_world_client(struct uw_world *w);

/* A call as the daemon or an intelligence runner would make it. */
struct uw_call uw_test_call(const char *endpoint, const char *policy);

/* The path of a shared file, NULL (and a line "skipped: ...") where the shared folder is absent. */
const char *uw_shared(const char *name, char buf[1024]);
/* Its JSON (json_free), NULL where it is absent. */
struct json *uw_shared_json(const char *name);

#endif
