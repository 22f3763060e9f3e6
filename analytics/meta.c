#include "analytics/artifacts.h"

void
artifact_meta(const struct day_view *day, struct doc *out, const char *kind, const char *version)
{
    doc_obj(out, "_meta");
    doc_str(out, "date", day->options.date);
    doc_str(out, "kind", kind);
    doc_str(out, "version", version);
    doc_end(out);
}
