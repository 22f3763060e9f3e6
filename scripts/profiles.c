#include "scripts/profiles.h"

#include "io/share.h"

#define PROFILE_BYTES_MAX ((size_t)1 << 20)

enum rc
profiles_load(const struct fs *fs, const char *root, struct arena *a,
              struct sector_profiles *ret_profiles, struct err *err)
{
    CLEANUP(text_free) struct text path = {0};
    CLEANUP(text_free) struct text bytes = {0};
    const struct json *doc = NULL;
    enum rc rc = share_find(root, "config/sector_profiles.json", &path, err);

    if (rc != RC_OK) return rc;
    rc = fs->read_all(fs->self, text_str(&path), PROFILE_BYTES_MAX, &bytes, err);
    if (rc == RC_OK)
        rc = json_parse_in(text_str(&bytes), bytes.len, &JSON_LIMITS_BODY, a, &doc, err);
    if (rc != RC_OK) return err_wrap(err, "%s", text_str(&path));
    *ret_profiles = sector_profiles_decode(doc, a);
    return RC_OK;
}
