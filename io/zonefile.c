#include "io/zonefile.h"

#include "base/text.h"
#include "io/page.h"

enum {
    ZONE_FILE_MAX = 256 << 10 /* the largest of the database has 4 KiB */
};

static const char DEFAULT_FOLDER[] = "/usr/share/zoneinfo";

enum rc
zonefile_load(const char *name, struct zone **ret_zone, struct err *err)
{
    if (name[0] == '\0' || name[0] == '/' || strstr(name, "..") != NULL)
        return err_set(err, RC_RANGE, "\"%.60s\" is no zone", name);

    CLEANUP(text_free) struct text path = {0}, bytes = {0};
    struct fs_stat st;
    const char *folder = getenv("TZDIR");
    text_printf(&path, "%s/%s", folder != NULL && folder[0] != '\0' ? folder : DEFAULT_FOLDER,
                name);
    enum rc rc = file_load(text_str(&path), ZONE_FILE_MAX, &bytes, &st, err);
    if (rc != RC_OK) return rc;
    rc = zone_new(bytes.data, bytes.len, ret_zone, err);
    return rc == RC_OK ? RC_OK : err_wrap(err, "%s", text_str(&path));
}
