#include "io/inspect.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/text.h"

enum {
    LOCK_TAIL_MAX = 4096, /* older daemons added a line at every start */
    PROC_LINE_MAX = 512
};

/* ---- processes ----------------------------------------------------------------------------- */

bool
inspect_is_alive(int64_t pid)
{
    char path[64], line[PROC_LINE_MAX] = "";

    if (pid <= 0 || pid > INT32_MAX || (kill((pid_t)pid, 0) != 0 && errno != EPERM)) return false;
    (void)snprintf(path, sizeof path, "/proc/%" PRId64 "/stat", pid);
    FILE *f = fopen(path, "re");
    if (f == NULL) return true; /* hidden or no /proc: the signal was answered */
    size_t len = fread(line, 1, sizeof line - 1, f);
    (void)fclose(f); /* nothing was written */
    line[len] = '\0';
    const char *state = strrchr(line, ')'); /* the name before it may hold anything */
    return state == NULL || (!str_starts(state, ") Z") && !str_starts(state, ") X"));
}

/* ---- the lock file ------------------------------------------------------------------------- */

/* "pid=<n>" of a line; 0 where it names none. */
static int64_t
pid_in(const char *line)
{
    const char *at = strstr(line, "pid=");
    char digits[16];
    int64_t pid = 0;

    if (at == NULL) return 0;
    size_t len = strspn(at + 4, "0123456789");
    if (len == 0 || len >= sizeof digits) return 0;
    memcpy(digits, at + 4, len);
    digits[len] = '\0';
    return str_to_i64(digits, &pid) && pid <= INT32_MAX ? pid : 0;
}

static int64_t
named_pid(int fd, int64_t size)
{
    char tail[LOCK_TAIL_MAX + 1];
    ssize_t n = pread(fd, tail, LOCK_TAIL_MAX, MAX(size - LOCK_TAIL_MAX, 0));

    if (n <= 0) return 0;
    tail[n] = '\0';
    str_trim(tail); /* the blank lines at the end are gone, so the last line is not blank */
    const char *last = strrchr(tail, '\n');
    return pid_in(last != NULL ? last + 1 : tail);
}

/*
 * One line of the kernel's table:
 *
 *   1: FLOCK  ADVISORY  WRITE 4711 00:2a:1312 0 EOF        held
 *   1: -> FLOCK  ADVISORY  WRITE 4712 00:2a:1312 0 EOF     waited for
 */
static bool
line_holds(const char *line, const struct stat *st)
{
    unsigned major_nr = 0, minor_nr = 0;
    unsigned long inode = 0;
    int pid = 0;

    if (strstr(line, "->") != NULL) return false;
    /* The words are the kernel's own; a line of another form converts to fewer than four. */
    if (sscanf(line, "%*d: FLOCK ADVISORY WRITE %d %x:%x:%lu", /* NOLINT(cert-err34-c) */
               &pid, &major_nr, &minor_nr, &inode) != 4)
        return false;
    return inode == st->st_ino && makedev(major_nr, minor_nr) == st->st_dev;
}

/* LOCK_SEEN_FREE: the table does not name the file. */
static enum lock_seen
look_in_table(const struct stat *st)
{
    char line[PROC_LINE_MAX];
    FILE *f = fopen("/proc/locks", "re");
    enum lock_seen seen = LOCK_SEEN_FREE;

    if (f == NULL) return LOCK_SEEN_UNKNOWN;
    while (seen == LOCK_SEEN_FREE && fgets(line, sizeof line, f) != NULL)
        if (line_holds(line, st)) seen = LOCK_SEEN_HELD;
    if (seen == LOCK_SEEN_FREE && ferror(f) != 0) seen = LOCK_SEEN_UNKNOWN;
    (void)fclose(f); /* nothing was written */
    return seen;
}

static enum lock_seen
try_for_an_instant(int fd)
{
    if (flock(fd, LOCK_SH | LOCK_NB) == 0) {
        (void)flock(fd, LOCK_UN); /* closing the descriptor ends it in any case */
        return LOCK_SEEN_FREE;
    }
    return errno == EWOULDBLOCK ? LOCK_SEEN_HELD : LOCK_SEEN_UNKNOWN;
}

struct lock_sight
inspect_lock(const char *path)
{
    struct lock_sight s = {.held = LOCK_SEEN_FREE};
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0) {
        s.exists = errno != ENOENT && errno != ENOTDIR;
        if (s.exists) s.held = LOCK_SEEN_UNKNOWN;
        return s;
    }
    s.exists = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    if (s.exists) {
        s.named_pid = named_pid(fd, st.st_size);
        s.held = look_in_table(&st);
        bool is_contradicted = s.held == LOCK_SEEN_FREE && inspect_is_alive(s.named_pid);
        if (s.held == LOCK_SEEN_UNKNOWN || is_contradicted) s.held = try_for_an_instant(fd);
    }
    (void)close(fd); /* nothing was written */
    return s;
}
