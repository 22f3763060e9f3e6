/*
 * install_uw_flow_daemon_systemd: puts the flow daemon's unit where systemd looks for it, and
 * starts it (contract 4.9, spec 20 3.13).
 *
 * The unit is the one file in deploy/systemd that `make install` takes, too; the programs must be
 * installed already.
 */
#include <errno.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "io/child.h"
#include "io/fs.h"
#include "io/share.h"
#include "scripts/args.h"
#include "scripts/command.h"

#define UNIT            "uw-flow-daemon.service"
#define UNIT_SOURCE     "deploy/systemd/" UNIT
#define UNIT_FOLDER     "/etc/systemd/system"
#define INSTALLED_UNITS "/lib/systemd/system"
#define DAEMON          "/bin/uw_flow_daemon"
#define PREFIX_MARK     "@PREFIX@"

enum { EXIT_RUNNER_USAGE = 64, UNIT_BYTES_MAX = 64 << 10 };

static const char HELP[] =
    "usage: stockbot install-uw-flow-daemon-systemd [options]\n"
    "\n"
    "Copies " UNIT " to " UNIT_FOLDER ", then has systemd read its\n"
    "units again, enable the daemon, restart it and say whether it is active. Wants root, and the\n"
    "programs installed (make install).\n"
    "\n"
    "  --prefix DIR     where the programs are installed (default: the prefix of this program, "
    "/usr\n"
    "                   when it runs from a build folder)\n"
    "  --root DIR       put the unit into the file system below DIR, an image or a package; "
    "systemd\n"
    "                   is then not talked to, unless --systemctl says by what\n"
    "  --systemctl FILE the program to talk to systemd with\n"
    "  --dry-run        change nothing; print the unit as it would be written, and the commands\n"
    "  --help\n"
    "\n"
    "Exit codes: 0 done; 1 it cannot be done here; 64 wrong usage; otherwise the status of the\n"
    "systemctl command that failed, after which no other is run.\n";

struct wish {
    const char *prefix, *root, *systemctl;
    bool is_dry, is_silent; /* silent: nothing is said to systemd */
    struct text found_prefix;
};

static int
fail(const struct err *err)
{
    (void)fprintf(stderr, "install-uw-flow-daemon-systemd: %s\n", err->text);
    return EXIT_FAILED;
}

/* ---- what is to be written ----------------------------------------------------------------- */

/* PREFIX of PREFIX/bin, where this program is installed. */
static enum rc
find_prefix(struct wish *w, struct err *err)
{
    enum rc rc = share_program_folder(&w->found_prefix, err);

    if (rc != RC_OK || w->prefix != NULL) return rc;
    w->prefix = "/usr";
    if (!str_ends(text_str(&w->found_prefix), "/bin")) return RC_OK;
    w->found_prefix.data[w->found_prefix.len - strlen("/bin")] = '\0';
    w->prefix = text_str(&w->found_prefix);
    return RC_OK;
}

/* The source tree's file, otherwise the one that `make install` has left under the prefix.  Never
 * one of the working folder: root would run what anybody has put there. */
static enum rc
find_source(const struct wish *w, struct text *ret_path, struct err *err)
{
    struct err unused = {0};

    if (share_find(NULL, UNIT_SOURCE, ret_path, &unused) == RC_OK) return RC_OK;
    text_clear(ret_path);
    text_printf(ret_path, "%s%s" INSTALLED_UNITS "/" UNIT, w->root, w->prefix);
    if (access(text_str(ret_path), R_OK) == 0) return RC_OK;
    return err_set(err, RC_NOT_FOUND,
                   "no unit file: neither " UNIT_SOURCE " beside the program "
                   "nor %s",
                   text_str(ret_path));
}

/* The unit with the prefix filled in. */
static enum rc
read_unit(const struct wish *w, const struct fs *fs, struct text *ret_unit, struct err *err)
{
    CLEANUP(text_free) struct text path = {0};
    CLEANUP(text_free) struct text bytes = {0};
    enum rc rc = find_source(w, &path, err);

    if (rc == RC_OK) rc = fs->read_all(fs->self, text_str(&path), UNIT_BYTES_MAX, &bytes, err);
    if (rc != RC_OK) return rc;

    const char *at = text_str(&bytes);
    for (const char *mark; (mark = strstr(at, PREFIX_MARK)) != NULL;
         at = mark + strlen(PREFIX_MARK)) {
        text_add(ret_unit, at, (size_t)(mark - at));
        text_puts(ret_unit, w->prefix);
    }
    text_puts(ret_unit, at);
    return RC_OK;
}

/* The unit names a program: without it systemd would start nothing, again and again. */
static enum rc
check_daemon(const struct wish *w, struct err *err)
{
    CLEANUP(text_free) struct text path = {0};

    text_printf(&path, "%s%s" DAEMON, w->root, w->prefix);
    if (access(text_str(&path), X_OK) == 0) return RC_OK;
    return err_set(err, RC_NOT_FOUND, "%s is not there: make install first, or say --prefix",
                   text_str(&path));
}

/* ---- the run ------------------------------------------------------------------------------- */

/* The folders of the path; those that are there stay as they are. */
static void
make_folders(const char *path)
{
    char folder[1024];

    for (const char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        (void)snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
        (void)mkdir(folder, 0755); /* if it failed, writing says why */
    }
}

/* Readable to everybody, as units are, whatever the caller's mask. */
static enum rc
write_unit(const struct fs *fs, const char *path, const struct text *unit, struct err *err)
{
    CLEANUP(text_free) struct text there = {0};
    struct err unused = {0};

    if (fs->read_all(fs->self, path, UNIT_BYTES_MAX, &there, &unused) == RC_OK &&
        str_eq(text_str(&there), text_str(unit))) {
        (void)printf("%s is up to date\n", path);
        return RC_OK;
    }
    make_folders(path);
    enum rc rc = fs->replace(fs->self, path, text_str(unit), unit->len, false, err);
    if (rc == RC_OK && chmod(path, 0644) != 0) rc = err_sys(err, RC_IO, errno, "chmod %s", path);
    if (rc == RC_OK) (void)printf("%s written\n", path);
    return rc;
}

/* The status of the command, EXIT_FAILED where it could not be run to its end. */
static int
run_systemctl(const char *const *argv)
{
    struct child_spec spec = {.argv = argv, .stdout_fd = -1, .stderr_fd = -1, .progress_fd = -1};
    struct child child = CHILD_NONE;
    struct err err = {0};
    bool has_ended = false;
    int status = 0;
    enum rc rc = child_spawn(&spec, &child, &err);

    if (rc == RC_OK) rc = child_reap(&child, true, &has_ended, &status, &err);
    if (rc != RC_OK) return fail(&err);
    return status >= 0 ? status : EXIT_FAILED;
}

/* The first command that fails ends it with its status. */
static int
talk_to_systemd(const struct wish *w)
{
    const char *const commands[][4] = {
        {w->systemctl, "daemon-reload", NULL, NULL},
        {w->systemctl, "enable",        UNIT, NULL},
        {w->systemctl, "restart",       UNIT, NULL},
        {w->systemctl, "is-active",     UNIT, NULL},
    };
    int status = EXIT_DONE;

    for (size_t i = 0; i < COUNT_OF(commands) && status == EXIT_DONE; i++) {
        const char *what = commands[i][1], *unit = commands[i][2] != NULL ? " " UNIT : "";

        (void)printf("%s %s%s\n", w->systemctl, what, unit);
        (void)fflush(stdout); /* before what the command says */
        if (w->is_dry) continue;
        status = run_systemctl(commands[i]);
        if (status != EXIT_DONE)
            (void)fprintf(stderr, "install-uw-flow-daemon-systemd: %s%s: status %d\n", what, unit,
                          status);
    }
    return status;
}

static int
install(const struct wish *w, const struct fs *fs)
{
    CLEANUP(text_free) struct text unit = {0};
    CLEANUP(text_free) struct text path = {0};
    struct err err = {0};

    text_printf(&path, "%s" UNIT_FOLDER "/" UNIT, w->root);
    enum rc rc = read_unit(w, fs, &unit, &err);
    if (rc == RC_OK && !w->is_dry) rc = check_daemon(w, &err);
    if (rc == RC_OK && w->is_dry) (void)printf("# %s\n%s\n", text_str(&path), text_str(&unit));
    if (rc == RC_OK && !w->is_dry) rc = write_unit(fs, text_str(&path), &unit, &err);
    if (rc != RC_OK) return fail(&err);
    return w->is_silent ? EXIT_DONE : talk_to_systemd(w);
}

/* Linux and root; into an image, or for a look, anybody may. */
static enum rc
check_place(const struct wish *w, struct err *err)
{
    struct utsname system;

    if (w->is_dry || w->root[0] != '\0') return RC_OK;
    if (uname(&system) != 0 || !str_eq(system.sysname, "Linux"))
        return err_set(err, RC_DENIED, "systemd is a part of Linux, and this is none");
    if (geteuid() != 0) return err_set(err, RC_DENIED, "only root may: try sudo, or --dry-run");
    return RC_OK;
}

static bool
is_absolute(const char *what, const char *path)
{
    if (path == NULL || path[0] == '/') return true;
    (void)fprintf(stderr, "install-uw-flow-daemon-systemd: %s must be absolute: %s\n", what, path);
    return false;
}

static int
install_as_wished(struct wish *w)
{
    struct posix_fs disk;
    struct err err = {0};

    if (w->systemctl == NULL)
        w->systemctl =
            access("/usr/bin/systemctl", X_OK) == 0 ? "/usr/bin/systemctl" : "/bin/systemctl";
    enum rc rc = check_place(w, &err);
    if (rc == RC_OK) rc = find_prefix(w, &err);
    if (rc == RC_OK) rc = fs_open("/", &disk, &err);
    if (rc != RC_OK) return fail(&err);
    struct fs fs = fs_seam(&disk);
    int status = install(w, &fs);
    fs_close(&disk);
    return status;
}

int
cmd_install_uw_flow_daemon_systemd(int argc, char **argv)
{
    enum { OPT_PREFIX = 2000, OPT_SYSTEMCTL, OPT_DRY };
    static const struct option OPTIONS[] = {
        {"root",      required_argument, NULL, OPT_ROOT     },
        {"help",      no_argument,       NULL, OPT_HELP     },
        {"prefix",    required_argument, NULL, OPT_PREFIX   },
        {"systemctl", required_argument, NULL, OPT_SYSTEMCTL},
        {"dry-run",   no_argument,       NULL, OPT_DRY      },
        {NULL,        0,                 NULL, 0            },
    };
    struct common_args common = {0};
    struct wish w = {.root = ""};
    int option;

    while ((option = getopt_long(argc, argv, ":", OPTIONS, NULL)) != -1) {
        if (option == OPT_PREFIX)
            w.prefix = optarg;
        else if (option == OPT_SYSTEMCTL)
            w.systemctl = optarg;
        else if (option == OPT_DRY)
            w.is_dry = true;
        else if (!common_args_take(&common, option)) {
            (void)args_refused("install-uw-flow-daemon-systemd", argv, option);
            return EXIT_RUNNER_USAGE;
        }
    }
    if (common.help || optind < argc) {
        (void)fputs(HELP, common.help ? stdout : stderr);
        return common.help ? EXIT_DONE : EXIT_RUNNER_USAGE;
    }
    if (common.root != NULL) w.root = common.root;
    w.is_silent = common.root != NULL && w.systemctl == NULL;
    if (!is_absolute("--prefix", w.prefix) || !is_absolute("--root", common.root) ||
        !is_absolute("--systemctl", w.systemctl))
        return EXIT_RUNNER_USAGE;

    int status = install_as_wished(&w);
    text_free(&w.found_prefix);
    return status;
}
