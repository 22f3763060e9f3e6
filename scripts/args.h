/*
 * Options that many commands share, and their errors.
 */
#ifndef SCRIPTS_ARGS_H
#define SCRIPTS_ARGS_H

#include <getopt.h>

#include "config/config.h"

struct common_args {
    const char *root;   /* --root DIR */
    const char *config; /* --config FILE */
    bool json;          /* --json */
    bool help;          /* --help */
};

/* Rows for the getopt_long table of a command. */
enum { OPT_ROOT = 1000, OPT_CONFIG, OPT_JSON, OPT_HELP };
#define COMMON_OPTIONS                                                                             \
    {"root", required_argument, NULL, OPT_ROOT}, {"config", required_argument, NULL, OPT_CONFIG},  \
        {"json", no_argument, NULL, OPT_JSON},                                                     \
    {                                                                                              \
        "help", no_argument, NULL, OPT_HELP                                                        \
    }

/* True if the option was one of the above. */
bool common_args_take(struct common_args *a, int option);

/* Loads the configuration; 0, or the exit code after the sentence was printed. */
int common_args_config(const struct common_args *a, struct config *ret_config);

/* Prints what is wrong with the option getopt_long has just refused (result ? or :, option string
 * ":"). Gives EXIT_USAGE. */
int args_refused(const char *command, char *const *argv, int option);

/* A number option within bounds; false after the sentence was printed. */
bool arg_number(const char *name, const char *text, double min, double max, double *ret_value);

#endif
