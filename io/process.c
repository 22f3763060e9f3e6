#include "io/process.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>

enum rc
process_guard_secrets(struct err *err)
{
    struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0) return err_sys(err, RC_IO, errno, "forbid core files");
    if (prctl(PR_SET_DUMPABLE, 0) != 0) return err_sys(err, RC_IO, errno, "forbid attaching");
    return RC_OK;
}
