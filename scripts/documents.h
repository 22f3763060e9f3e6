/*
 * documents: the state documents that a runner reads and writes, with a note of how each input was
 * found (spec 40 0.7.6: what is missing or broken is said, and the output is made all the same).
 *
 * Inputs heal as everywhere.  What is written was checked first against the shape its readers rely
 * on, is indented by two with sorted keys, and replaces the old file as a whole.
 */
#ifndef SCRIPTS_DOCUMENTS_H
#define SCRIPTS_DOCUMENTS_H

#include "intel/schema.h"
#include "scripts/job.h"

enum { DOCUMENTS_MAX = 8 };
enum { DOCUMENT_OF_NO_SCHEMA = -1 };

struct document_input {
    const char *path;
    const char *made_by; /* NULL: nobody is missed where it is missing */
    enum store_origin origin;
    struct json *doc;
};

struct documents {
    struct job *job;
    struct arena arena; /* as long as the run */
    struct document_input input[DOCUMENTS_MAX];
    size_t len;
};

/* The document, an object, as long as the run; {} where there is none. */
const struct json *documents_read(struct documents *d, const char *path, const char *made_by);

/*
 * Writes the compact JSON as the document of that schema.  A dry run prints it, unless --json was
 * asked for.  EXIT_DONE; EXIT_FAILED where the disk refuses; JOB_EXIT_INTERNAL for a document that
 * its own readers would refuse.
 */
int documents_write(const struct documents *d, const char *path, int schema,
                    const struct text *json, struct err *err);

/* Says which inputs were missing or damaged, to a person and as "inputs" of the summary; and that a
 * --date of another day than the clock's dates nothing. */
void documents_say(const struct documents *d);

void documents_done(struct documents *d); /* fits CLEANUP */

#endif
