/*
 * config/sector_profiles.json, of the root or as it was shipped.
 */
#ifndef SCRIPTS_PROFILES_H
#define SCRIPTS_PROFILES_H

#include "base/fs.h"
#include "intel/sector.h"

enum rc profiles_load(const struct fs *fs, const char *root, struct arena *a,
                      struct sector_profiles *ret_profiles, struct err *err) MUST_USE;

#endif
