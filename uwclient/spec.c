#include "uwclient/spec.h"

#include "uwclient/yaml_tree.h"

/* One step of a reference, where "~1" stands for a slash and "~0" for a tilde (RFC 6901). */
static bool
ref_step(const char *from, size_t len, char ret_step[256])
{
    size_t used = 0;

    if (len >= 256) return false;
    for (size_t i = 0; i < len; i++, used++) {
        bool is_escape =
            from[i] == '~' && i + 1 < len && (from[i + 1] == '0' || from[i + 1] == '1');
        if (is_escape) i++;
        ret_step[used] = from[i];
        if (is_escape) ret_step[used] = from[i] == '1' ? '/' : '~';
    }
    ret_step[used] = '\0';
    return true;
}

/* "#/components/parameters/limit" looked up from the root; other references lead nowhere. */
static const struct yaml_node *
follow_ref(const struct yaml_node *root, const char *ref)
{
    const struct yaml_node *at = root;
    char step[256];

    if (!str_starts(ref, "#/")) return NULL;
    ref += 2;
    for (int i = 0; *ref != '\0' && at != NULL; i++) {
        size_t len = strcspn(ref, "/");
        int64_t index = 0;
        if (i == SPEC_REF_STEPS_MAX || !ref_step(ref, len, step)) return NULL;
        bool is_index = !yaml_node_is_map(at) && str_to_i64(step, &index) && index >= 0;
        at = is_index ? yaml_node_at(at, (size_t)index) : yaml_node_get(at, step);
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
        .required = str_eq_nocase(yaml_node_text(yaml_node_get(n, "required")), "true"),
    };
    return true;
}

static size_t
count_children(const struct yaml_node *n, size_t max)
{
    size_t len = 0;

    for (const struct yaml_node *c = yaml_node_first(n); c != NULL && len <= max;
         c = yaml_node_next(c))
        len++;
    return len;
}

/* The parameter is there already: what the operation says of it goes before what the path says. */
static bool
has_param(const struct spec_op *op, const struct spec_param *p)
{
    for (size_t i = 0; i < op->params_len; i++) {
        const struct spec_param *q = &op->params[i];
        if (q->in_path == p->in_path && str_eq(q->name, p->name)) return true;
    }
    return false;
}

/* What is read from, what is filled, and how much of the limits is left. */
struct reading {
    struct spec *spec;
    const struct yaml_node *root;
    struct spec_op *ops;
    size_t paths_left, params_left;
    struct err *err;
};

/* Parameters stand at the operation, or at the path for all its operations. */
static enum rc
read_params(struct reading *r, const struct yaml_node *path, const struct yaml_node *get,
            struct spec_op *op)
{
    const struct yaml_node *lists[] = {yaml_node_get(get, "parameters"),
                                       yaml_node_get(path, "parameters")};
    size_t room =
        count_children(lists[0], r->params_left) + count_children(lists[1], r->params_left);

    if (room > r->params_left)
        return err_set(r->err, RC_RANGE, "%.200s: more than %d parameters up to here", op->path,
                       SPEC_PARAMS_MAX);
    r->params_left -= room;
    struct spec_param *params = ARENA_NEW(&r->spec->arena, struct spec_param, room);
    op->params = params;
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        for (const struct yaml_node *c = yaml_node_first(lists[i]); c != NULL;
             c = yaml_node_next(c)) {
            struct spec_param *p = &params[op->params_len];
            if (read_param(&r->spec->arena, r->root, c, p) && !has_param(op, p)) op->params_len++;
        }
    }
    return RC_OK;
}

/* The GET operation of a path, and the path itself: either may stand elsewhere in the file. */
static const struct yaml_node *
find_get(const struct yaml_node *root, const struct yaml_node **path)
{
    const struct yaml_node *get = yaml_node_get(*path, "get");

    if (get == NULL) {
        *path = deref(root, *path);
        get = yaml_node_get(*path, "get");
    }
    return yaml_node_is_map(get) ? get : NULL;
}

static enum rc
read_path(struct reading *r, const struct yaml_node *path)
{
    const char *key = yaml_node_key(path);
    struct spec *s = r->spec;

    if (r->paths_left-- == 0) return err_set(r->err, RC_RANGE, "more than %d paths", SPEC_OPS_MAX);
    if (key[0] != '/' || spec_find(s, key) != NULL) return RC_OK;
    const struct yaml_node *get = find_get(r->root, &path);
    if (get == NULL) return RC_OK;

    struct spec_op *op = &r->ops[s->ops_len++];
    const char *id = yaml_node_text(yaml_node_get(get, "operationId"));
    op->path = arena_strdup(&s->arena, key);
    op->operation_id = arena_strdup(&s->arena, id != NULL ? id : "");
    return read_params(r, path, get, op);
}

static enum rc
read_members(struct reading *r, const struct yaml_node *paths)
{
    enum rc rc = RC_OK;

    if (!yaml_node_is_map(paths)) return RC_OK;
    for (const struct yaml_node *c = yaml_node_first(paths); c != NULL && rc == RC_OK;
         c = yaml_node_next(c))
        rc = read_path(r, c);
    return rc;
}

/* What stands under "paths" itself goes before what it merges in. */
static enum rc
read_paths(struct spec *s, const struct yaml_node *root, struct err *err)
{
    const struct yaml_node *paths = yaml_node_get(root, "paths");
    const struct yaml_node *merged = yaml_node_get(paths, "<<");
    struct reading r = {
        .spec = s,
        .root = root,
        .ops = ARENA_NEW(&s->arena, struct spec_op, SPEC_OPS_MAX),
        .paths_left = SPEC_OPS_MAX,
        .params_left = SPEC_PARAMS_MAX,
        .err = err,
    };
    s->ops = r.ops;
    enum rc rc = read_members(&r, paths);
    if (rc != RC_OK || merged == NULL) return rc;
    if (yaml_node_is_map(merged)) return read_members(&r, merged);
    for (const struct yaml_node *c = yaml_node_first(merged); c != NULL && rc == RC_OK;
         c = yaml_node_next(c))
        rc = read_members(&r, c);
    return rc;
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
    if (rc == RC_OK) rc = read_paths(ret_spec, root, err);
    if (rc == RC_OK)
        judge(ret_spec, required, required_len, err);
    else
        ret_spec->ops_len = 0; /* of a file that is refused nothing counts */
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
