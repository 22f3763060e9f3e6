/*
 * remote: one command on the server, through the system's ssh client (spec 40 8.2).
 *
 * Batch mode: a key or the agent, never a password, and a host whose key is not known is refused.
 * What may stand in host, user and folder is limited to letters that no shell takes for more.
 */
#ifndef SCRIPTS_REMOTE_H
#define SCRIPTS_REMOTE_H

#include "config/config.h"
#include "scripts/step.h"

#define REMOTE_CONFIG_PATH "droplet_config.json"

enum { REMOTE_WORD_MAX = 256 };

struct remote {
    char host[REMOTE_WORD_MAX], user[REMOTE_WORD_MAX], key_file[REMOTE_WORD_MAX],
        project_dir[REMOTE_WORD_MAX], ssh[REMOTE_WORD_MAX];
    int64_t port;
    bool has_ssh_config; /* host, user, port and key as the client's own settings say */
};

struct json;

/* From droplet_config.json (NULL: there is none) and the settings, which are stronger. RC_PARSE,
 * RC_NOT_FOUND name the setting. */
enum rc remote_configure(const struct json *file, const struct runner_config *settings,
                         struct remote *ret_remote, struct err *err) MUST_USE;

/*
 * `cd <project_dir> && command` there, with the environment file of the service, whose content
 * nobody sees.  RC_OK however it ended: ret_end tells; 255 is the client's own failure to connect.
 */
enum rc remote_run(const struct remote *r, const char *command, int limit_s, size_t keep_max,
                   const struct clock *clock, struct step_end *ret_end, struct err *err) MUST_USE;

enum { REMOTE_NOT_CONNECTED = 255 };

#endif
