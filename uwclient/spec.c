#include "uwclient/spec.h"

#include "uwclient/yaml_tree.h"

/* "#/components/parameters/limit" looked up from the root; other references lead nowhere. */
static const struct yaml_node *
follow_ref(const struct yaml_node *root, const char *ref)
{
    const struct yaml_node *at = root;
    char step[128];

    if (!str_starts(ref, "#/")) return NULL;
    for (ref += 2; *ref != '\0' && at != NULL;) {
        size_t len = strcspn(ref, "/");
        if (len >= sizeof step) return NULL;
        memcpy(step, ref, len);
        step[len] = '\0';
        at = yaml_node_get(at, step);
        ref += len + (ref[len] == '/');
    }
    return at;
}

static const struct yaml_node *
deref(const struct yaml_node *root, const struct yaml_node *n)
{
    for (int i = 0; i < SPEC_REF_DEPTH_MAX; i++) {
        const char *ref = yaml_node_text(yaml_node_get(n, "$ref"));
        if (ref == NULL) return n;
        n = follow_ref(root, ref);
    }
    return NULL;
}

/* The schema's type in one word: a string with format date is "date", a list "array<items>". */
static const char *
type_name(struct arena *a, const struct yaml_node *root, const struct yaml_node *schema)
{
    schema = deref(root, schema);
    const char *type = yaml_node_text(yaml_node_get(schema, "type"));
    const char *format = yaml_node_text(yaml_node_get(schema, "format"));

    if (type == NULL) return "any";
    if (str_eq(type, "string") && str_eq(format, "date")) return "date";
    if (!str_eq(type, "array")) return arena_strdup(a, type);
    const char *items =
        yaml_node_text(yaml_node_get(deref(root, yaml_node_get(schema, "items")), "type"));
    return arena_printf(a, "array<%s>", items != NULL ? items : "any");
}

static bool
read_param(struct arena *a, const struct yaml_node *root, const struct yaml_node *n,
           struct spec_param *ret_param)
{
    n = deref(root, n);
    const char *where = yaml_node_text(yaml_node_get(n, "in"));
    const char *name = yaml_node_text(yaml_node_get(n, "name"));

    if (name == NULL || (!str_eq(where, "path") && !str_eq(where, "query"))) return false;
    *ret_param = (struct spec_param){
        .name = arena_strdup(a, name),
        .type = type_name(a, root, yaml_node_get(n, "schema")),
        .in_path = str_eq(where, "path"),
        .required = str_eq(yaml_node_text(yaml_node_get(n, "required")), "true"),
    };
    return true;
}

static size_t
count_children(const struct yaml_node *n)
{
    size_t len = 0;

    for (const struct yaml_node *c = yaml_node_first(n); c != NULL; c = yaml_node_next(c))
        len++;
    return len;
}

/* Parameters stand at the operation, or at the path for all its operations. */
static void
read_params(struct arena *a, const struct yaml_node *root, const struct yaml_node *path,
            const struct yaml_node *get, struct spec_op *op)
{
    const struct yaml_node *lists[] = {yaml_node_get(get, "parameters"),
                                       yaml_node_get(path, "parameters")};
    size_t room = count_children(lists[0]) + count_children(lists[1]);
    struct spec_param *params = ARENA_NEW(a, struct spec_param, room);

    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        for (const struct yaml_node *c = yaml_node_first(lists[i]); c != NULL;
             c = yaml_node_next(c)) {
            if (read_param(a, root, c, &params[op->params_len])) op->params_len++;
        }
    }
    op->params = params;
}

static void
read_paths(struct spec *s, const struct yaml_node *root, const struct yaml_node *paths)
{
    struct spec_op *ops = ARENA_NEW(&s->arena, struct spec_op, count_children(paths));

    for (const struct yaml_node *c = yaml_node_first(paths); c != NULL; c = yaml_node_next(c)) {
        const struct yaml_node *get = yaml_node_get(c, "get");
        if (yaml_node_key(c)[0] != '/' || !yaml_node_is_map(get)) continue;

        struct spec_op *op = &ops[s->ops_len++];
        const char *id = yaml_node_text(yaml_node_get(get, "operationId"));
        op->path = arena_strdup(&s->arena, yaml_node_key(c));
        op->operation_id = arena_strdup(&s->arena, id != NULL ? id : "");
        read_params(&s->arena, root, c, get, op);
    }
    s->ops = ops;
}

static void
judge(struct spec *s, const char *const *required, size_t required_len, struct err *err)
{
    s->state = SPEC_OK;
    if (s->ops_len == 0) {
        s->state = SPEC_CORRUPT;
        (void)err_set(err, RC_PARSE, "no path with a get operation");
    } else if (s->ops_len < SPEC_PATHS_MIN) {
        s->state = SPEC_TOO_SMALL;
        (void)err_set(err, RC_RANGE, "%zu paths, at least %d are expected", s->ops_len,
                      SPEC_PATHS_MIN);
    }
    for (size_t i = 0; i < required_len && s->state == SPEC_OK; i++) {
        if (spec_find(s, required[i]) != NULL) continue;
        s->state = SPEC_INCOMPLETE;
        s->missing = required[i];
        (void)err_set(err, RC_NOT_FOUND, "the path %s is missing", required[i]);
    }
}

void
spec_parse(const char *bytes, size_t len, const char *const *required, size_t required_len,
           struct spec *ret_spec, struct err *err)
{
    struct arena scratch = {0};
    const struct yaml_node *root = NULL;
    enum rc rc = RC_OK;

    *ret_spec = (struct spec){.state = SPEC_CORRUPT, .missing = ""};
    if (len > 0 && memchr(bytes, '\0', len) != NULL)
        rc = err_set(err, RC_PARSE, "a NUL byte");
    else
        rc = yaml_tree_read(&scratch, bytes, len, SPEC_BYTES_MAX, &root, err);
    if (rc == RC_OK) {
        read_paths(ret_spec, root, yaml_node_get(root, "paths"));
        judge(ret_spec, required, required_len, err);
    }
    arena_done(&scratch);
}

void
spec_load(const struct fs *fs, const char *path, const char *const *required, size_t required_len,
          struct spec *ret_spec, struct err *err)
{
    CLEANUP(text_free) struct text bytes = {0};
    enum rc rc = fs->read_all(fs->self, path, SPEC_BYTES_MAX, &bytes, err);

    if (rc == RC_OK) {
        spec_parse(text_str(&bytes), bytes.len, required, required_len, ret_spec, err);
        return;
    }
    *ret_spec = (struct spec){.state = rc == RC_RANGE ? SPEC_CORRUPT : SPEC_MISSING, .missing = ""};
}

void
spec_done(struct spec *s)
{
    arena_done(&s->arena);
    *s = (struct spec){.state = SPEC_MISSING, .missing = ""};
}

bool
spec_is_usable(const struct spec *s)
{
    return s->state == SPEC_OK || s->state == SPEC_INCOMPLETE;
}

const char *
spec_state_name(enum spec_state s)
{
    static const char *const names[] = {
        [SPEC_OK] = "ok",
        [SPEC_MISSING] = "missing",
        [SPEC_CORRUPT] = "corrupt",
        [SPEC_TOO_SMALL] = "too_small",
        [SPEC_INCOMPLETE] = "incomplete",
    };
    return names[s];
}

const struct spec_param *
spec_query_param(const struct spec_op *op, const char *name)
{
    for (size_t i = 0; i < op->params_len; i++) {
        if (!op->params[i].in_path && str_eq(op->params[i].name, name)) return &op->params[i];
    }
    return NULL;
}

const struct spec_op *
spec_find(const struct spec *s, const char *path)
{
    for (size_t i = 0; i < s->ops_len; i++) {
        if (str_eq(s->ops[i].path, path)) return &s->ops[i];
    }
    return NULL;
}
