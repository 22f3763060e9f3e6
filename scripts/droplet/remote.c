#include "scripts/droplet/remote.h"

#include "base/json.h"

#define CONNECT_LIMIT "ConnectTimeout=10"

/* Letters that mean nothing to a shell; no leading dash, which a program would take for an option.
 */
static bool
is_plain(const char *word)
{
    static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_.:/~-@+";

    return word[0] != '-' && strspn(word, PLAIN) == strlen(word);
}

static enum rc
take_word(const struct json *file, const char *key, const char *setting, const char *setting_name,
          const char *dflt, char to[REMOTE_WORD_MAX], struct err *err)
{
    bool is_set = setting[0] != '\0';
    const char *word = is_set ? setting : json_str(file, key, dflt);

    if (is_plain(word) && str_copy(to, REMOTE_WORD_MAX, word)) return RC_OK;
    return err_set(err, RC_PARSE, "%s %s: letters, digits and _.:/~-@+ are wanted",
                   is_set ? setting_name : REMOTE_CONFIG_PATH, is_set ? "" : key);
}

enum rc
remote_configure(const struct json *file, const struct runner_config *s, struct remote *ret_remote,
                 struct err *err)
{
    struct remote *r = ret_remote;

    *r = (struct remote){0};
    enum rc rc = take_word(file, "host", s->droplet_host, "DROPLET_HOST", "", r->host, err);
    if (rc == RC_OK)
        rc = take_word(file, "username", s->droplet_user, "DROPLET_USER", "root", r->user, err);
    if (rc == RC_OK)
        rc = take_word(file, "key_file", s->droplet_key_file, "DROPLET_KEY_FILE", "", r->key_file,
                       err);
    if (rc == RC_OK)
        rc = take_word(file, "project_dir", s->droplet_project_dir, "DROPLET_PROJECT_DIR",
                       "~/stock-bot", r->project_dir, err);
    if (rc == RC_OK) rc = take_word(NULL, "", s->droplet_ssh, "DROPLET_SSH", "", r->ssh, err);
    if (rc != RC_OK) return rc;
    r->port = s->droplet_port > 0 ? s->droplet_port : json_i64(file, "port", 22);
    r->has_ssh_config = json_bool(file, "use_ssh_config", false);
    if (r->port < 1 || r->port > 65535)
        return err_set(err, RC_RANGE, REMOTE_CONFIG_PATH " port: 1 to 65535 is wanted");
    if (r->host[0] == '\0')
        return err_set(err, RC_NOT_FOUND, "no host: set DROPLET_HOST, or host in %s",
                       REMOTE_CONFIG_PATH);
    return RC_OK;
}

enum rc
remote_run(const struct remote *r, const char *command, int limit_s, size_t keep_max,
           const struct clock *clock, struct step_end *ret_end, struct err *err)
{
    CLEANUP(text_free) struct text there = {0};
    CLEANUP(text_free) struct text whole = {0};
    const char *argv[20];
    char port[16];
    size_t n = 0;

    (void)snprintf(port, sizeof port, "%lld", (long long)r->port);
    argv[n++] = r->ssh;
    argv[n++] = "-o";
    argv[n++] = "BatchMode=yes";
    argv[n++] = "-o";
    argv[n++] = "StrictHostKeyChecking=yes";
    argv[n++] = "-o";
    argv[n++] = CONNECT_LIMIT;
    if (!r->has_ssh_config) {
        argv[n++] = "-p";
        argv[n++] = port;
        if (r->key_file[0] != '\0') {
            argv[n++] = "-i";
            argv[n++] = r->key_file;
        }
        text_printf(&there, "%s@", r->user);
    }
    text_puts(&there, r->host);
    argv[n++] = text_str(&there);
    text_printf(&whole, "cd %s && { [ ! -r .env ] || { set -a; . ./.env; set +a; }; } && %s",
                r->project_dir, command);
    argv[n++] = text_str(&whole);
    argv[n] = NULL;
    return step_program(argv, NULL, limit_s, keep_max, clock, ret_end, err);
}
