#include "scripts/args.h"

#include "base/text.h"
#include "scripts/command.h"

bool
common_args_take(struct common_args *a, int option)
{
    switch (option) {
    case OPT_ROOT:
        a->root = optarg;
        return true;
    case OPT_CONFIG:
        a->config = optarg;
        return true;
    case OPT_JSON:
        a->json = true;
        return true;
    case OPT_HELP:
        a->help = true;
        return true;
    default:
        return false;
    }
}

int
common_args_config(const struct common_args *a, struct config *ret_config)
{
    struct config_options opt = {.root = a->root, .yaml_path = a->config};
    struct err err = {0};

    if (config_load(&opt, ret_config, &err) == RC_OK) return EXIT_DONE;
    (void)fprintf(stderr, "stockbot: %s\n", err.text);
    return EXIT_CONFIG_UNUSABLE;
}

int
args_refused(const char *command, char *const *argv, int option)
{
    char letter[] = {'-', (char)optopt, '\0'};
    /* A short option need not be the last word that getopt_long has looked at. */
    bool is_letter = optopt > 0 && optopt < OPT_ROOT;
    const char *why = option == ':'        ? "a value is missing"
                      : optopt >= OPT_ROOT ? "no value is taken"
                                           : "there is no such option";

    (void)fprintf(stderr, "stockbot %s: %s: %s; see stockbot %s --help\n", command,
                  is_letter ? letter : argv[optind - 1], why, command);
    return EXIT_USAGE;
}

bool
arg_number(const char *name, const char *text, double min, double max, double *ret_value)
{
    double value = 0;

    if (!str_to_f64(text, &value) || value < min || value > max) {
        (void)fprintf(stderr, "stockbot: --%s %s: a number from %.16g to %.16g is wanted\n", name,
                      text, min, max);
        return false;
    }
    *ret_value = value;
    return true;
}
