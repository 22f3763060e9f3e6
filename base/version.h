/*
 * The version of this tree, as `--version`, the user agent and the packages name it.
 */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#define STOCKBOT_VERSION "0.1.0"

/* First 12 characters of the commit that the program was built from; "" where it was no checkout.
 */
const char *version_commit(void);

#endif
