/* What JavaScript sees of address.h and blocklist.h: the functions in the table
 * at the end. `family` is 4 or 6. Errors are libuv's negative numbers;
 * arguments of a wrong type throw, and so does a list that blockListCreate()
 * did not make. */
#include "js_address.h"

#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "blocklist.h"
#include "js.h"

struct list {
  struct uvnet_rule *rules;
  size_t count;
  size_t capacity;
};

/* Tells our lists from other objects that wrap native memory. */
static const napi_type_tag list_tag = {0x756b7f0d9c2e4a61, 0x9d1f5b0387e2c64a};

/* A string argument; short ones, which is all addresses without a long zone,
 * need no allocation. */
struct text {
  char *bytes;
  size_t length;
  char small[96];
};

/* Copies a string of any length. text_free() is due if this returned true;
 * false leaves a pending exception. */
static bool text_read(napi_env env, napi_value value, struct text *text) {
  char *bytes;
  size_t length;

  text->bytes = text->small;
  if (napi_get_value_string_utf8(env, value, text->small, sizeof(text->small),
                                 &text->length) != napi_ok) {
    (void)js_throw_type(env, "address must be a string");
    return false;
  }
  /* A string that does not fit is cut between characters of up to 4 bytes. */
  if (text->length + 4 < sizeof(text->small))
    return true;
  if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok) {
    (void)js_throw_last(env);
    return false;
  }
  bytes = malloc(length + 1);
  if (bytes == NULL) {
    (void)napi_throw_error(env, "ENOMEM", "not enough memory");
    return false;
  }
  if (napi_get_value_string_utf8(env, value, bytes, length + 1,
                                 &text->length) != napi_ok) {
    free(bytes);
    (void)js_throw_last(env);
    return false;
  }
  text->bytes = bytes;
  return true;
}

static void text_free(struct text *text) {
  if (text->bytes != text->small)
    free(text->bytes);
}

static void list_free(napi_env env, void *data, void *hint) {
  struct list *list = data;

  (void)env;
  (void)hint;
  free(list->rules);
  free(list);
}

static napi_value list_create(napi_env env, napi_callback_info info) {
  struct list *list;
  napi_value object;

  (void)info;
  list = calloc(1, sizeof(*list));
  if (list == NULL) {
    (void)napi_throw_error(env, "ENOMEM", "not enough memory");
    return NULL;
  }
  if (napi_create_object(env, &object) == napi_ok &&
      napi_type_tag_object(env, object, &list_tag) == napi_ok &&
      napi_wrap(env, object, list, list_free, NULL, NULL) == napi_ok)
    return object;
  list_free(env, list, NULL);
  return js_throw_last(env);
}

/* The list in an argument, or NULL with a pending exception. */
static struct list *list_of(napi_env env, napi_value value) {
  napi_valuetype type;
  void *data = NULL;
  bool ours = false;

  /* The tag check would make an object of a primitive, or throw for it. */
  if (napi_typeof(env, value, &type) != napi_ok || type != napi_object ||
      napi_check_object_type_tag(env, value, &list_tag, &ours) != napi_ok ||
      !ours || napi_unwrap(env, value, &data) != napi_ok || data == NULL) {
    (void)js_throw_type(env, "Illegal invocation");
    return NULL;
  }
  return data;
}

/* Reads two arguments, family and text. False leaves a pending exception;
 * otherwise `*error` says whether the text is an address of that family. */
static bool read_ip(napi_env env, napi_value *argv, struct uvnet_ip *ip,
                    int *error) {
  struct text text;
  int32_t family;

  if (!js_int32(env, argv[0], "family", &family) ||
      !text_read(env, argv[1], &text))
    return false;
  *error = uvnet_ip_parse(text.bytes, text.length, family, ip);
  text_free(&text);
  return true;
}

/* Appends a rule. 0 or UV_ENOMEM. */
static int list_add(struct list *list, const struct uvnet_rule *rule) {
  if (list->count == list->capacity) {
    size_t capacity = list->capacity == 0 ? 4 : list->capacity * 2;
    struct uvnet_rule *rules;

    if (capacity > SIZE_MAX / sizeof(*rules))
      return UV_ENOMEM;
    rules = realloc(list->rules, capacity * sizeof(*rules));
    if (rules == NULL)
      return UV_ENOMEM;
    list->rules = rules;
    list->capacity = capacity;
  }
  list->rules[list->count++] = *rule;
  return 0;
}

static napi_value add_address(napi_env env, napi_callback_info info) {
  struct uvnet_rule rule;
  struct uvnet_ip ip;
  struct list *list;
  napi_value argv[3];
  int error;

  if (!js_arguments(env, info, 3, argv, NULL) ||
      (list = list_of(env, argv[0])) == NULL ||
      !read_ip(env, argv + 1, &ip, &error))
    return NULL;
  if (error == 0) {
    uvnet_rule_address(&rule, &ip);
    error = list_add(list, &rule);
  }
  return js_int(env, error);
}

static napi_value add_range(napi_env env, napi_callback_info info) {
  struct uvnet_rule rule;
  struct uvnet_ip start;
  struct uvnet_ip end;
  struct list *list;
  napi_value argv[5];
  int error;
  int end_error;

  if (!js_arguments(env, info, 5, argv, NULL) ||
      (list = list_of(env, argv[0])) == NULL ||
      !read_ip(env, argv + 1, &start, &error) ||
      !read_ip(env, argv + 3, &end, &end_error))
    return NULL;
  if (error == 0)
    error = end_error;
  if (error == 0)
    error = uvnet_rule_range(&rule, &start, &end);
  if (error == 0)
    error = list_add(list, &rule);
  return js_int(env, error);
}

static napi_value add_subnet(napi_env env, napi_callback_info info) {
  struct uvnet_rule rule;
  struct uvnet_ip ip;
  struct list *list;
  napi_value argv[4];
  int32_t prefix;
  int error;

  if (!js_arguments(env, info, 4, argv, NULL) ||
      (list = list_of(env, argv[0])) == NULL ||
      !read_ip(env, argv + 1, &ip, &error) ||
      !js_int32(env, argv[3], "prefix", &prefix))
    return NULL;
  if (error == 0)
    error = uvnet_rule_subnet(&rule, &ip, prefix);
  if (error == 0)
    error = list_add(list, &rule);
  return js_int(env, error);
}

static napi_value list_check(napi_env env, napi_callback_info info) {
  struct uvnet_ip ip;
  struct list *list;
  napi_value argv[3];
  int result;

  if (!js_arguments(env, info, 3, argv, NULL) ||
      (list = list_of(env, argv[0])) == NULL ||
      !read_ip(env, argv + 1, &ip, &result))
    return NULL;
  if (result == 0)
    result = uvnet_blocklist_check(list->rules, list->count, &ip);
  return js_int(env, result);
}

static const struct {
  const char *name;
  napi_callback call;
} functions[] = {
    /* (): a list */
    {"blockListCreate", list_create},
    /* (list, family, text): 0 or an error */
    {"blockListAddAddress", add_address},
    /* (list, family, start, family, end): 0 or an error */
    {"blockListAddRange", add_range},
    /* (list, family, text, prefix): 0 or an error */
    {"blockListAddSubnet", add_subnet},
    /* (list, family, text): 1, 0 or an error */
    {"blockListCheck", list_check},
};

napi_status uvnet_address_init(napi_env env, napi_value exports) {
  napi_value function;
  napi_status status;
  size_t i;

  for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
    status = napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH,
                                  functions[i].call, NULL, &function);
    if (status != napi_ok)
      return status;
    status = napi_set_named_property(env, exports, functions[i].name, function);
    if (status != napi_ok)
      return status;
  }
  return napi_ok;
}
