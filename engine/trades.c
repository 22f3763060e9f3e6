#include "engine/context.h"
#include "engine/engine.h"

bool
engine_settled(void *self, const struct settled *s)
{
    struct engine *eng = self;

    (void)eng;
    (void)s;
    return true;
}
