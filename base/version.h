/*
 * The version of this tree, as `--version`, the user agent and the packages name it.
 */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#define STOCKBOT_VERSION "0.1.0"

#endif
