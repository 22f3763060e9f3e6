#include "base/version.h"

#ifndef STOCKBOT_COMMIT
#define STOCKBOT_COMMIT ""
#endif

const char *
version_commit(void)
{
    return STOCKBOT_COMMIT;
}
