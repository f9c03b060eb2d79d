#include "stub.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "fuzz.h"

enum { MAX_FUNCTIONS = 16 };

struct value *stub_arguments;
size_t stub_count;
bool stub_is_pending;
struct value stub_result;
unsigned int stub_failure;

static struct value undefined_value;
static napi_callback functions[MAX_FUNCTIONS];
static size_t function_count;

static struct value *of(napi_value value) { return (struct value *)value; }
static napi_value to(struct value *value) { return (napi_value)value; }

static bool fails(void) { return stub_failure > 0 && --stub_failure == 0; }

napi_callback stub_function(size_t number) {
  return functions[number % function_count];
}

napi_status napi_get_cb_info(napi_env env, napi_callback_info info,
                             size_t *argc, napi_value *argv, napi_value *this,
                             void **data) {
  size_t i;

  (void)env;
  (void)info;
  (void)this;
  if (fails())
    return napi_generic_failure;
  for (i = 0; argv != NULL && i < *argc; i++)
    argv[i] = to(i < stub_count ? &stub_arguments[i] : &undefined_value);
  *argc = stub_count;
  if (data != NULL)
    *data = NULL;
  return napi_ok;
}

/* As ToInt32 has it. */
napi_status napi_get_value_int32(napi_env env, napi_value value, int32_t *out) {
  double number = of(value)->number;

  (void)env;
  if (of(value)->kind != NUMBER)
    return napi_number_expected;
  *out = isfinite(number)
             ? (int32_t)(uint32_t)(int64_t)fmod(trunc(number), 4294967296.0)
             : 0;
  return napi_ok;
}

napi_status napi_get_value_double(napi_env env, napi_value value, double *out) {
  (void)env;
  if (of(value)->kind != NUMBER)
    return napi_number_expected;
  *out = of(value)->number;
  return napi_ok;
}

napi_status napi_get_value_bool(napi_env env, napi_value value, bool *out) {
  (void)env;
  if (of(value)->kind != BOOLEAN)
    return napi_boolean_expected;
  *out = of(value)->number > 0;
  return napi_ok;
}

/* Cut between characters, like V8, and with a NUL. */
napi_status napi_get_value_string_utf8(napi_env env, napi_value value,
                                       char *buffer, size_t size, size_t *out) {
  struct value *text = of(value);
  size_t length = text->length;

  (void)env;
  if (text->kind != TEXT)
    return napi_string_expected;
  if (fails())
    return napi_generic_failure;
  if (buffer == NULL) {
    *out = length;
    return napi_ok;
  }
  if (size == 0)
    return napi_ok;
  if (length > size - 1) {
    length = size - 1;
    while (length > 0 && ((unsigned char)text->bytes[length] & 0xc0) == 0x80)
      length--;
  }
  memcpy(buffer, text->bytes, length);
  buffer[length] = '\0';
  if (out != NULL)
    *out = length;
  return napi_ok;
}

napi_status napi_is_buffer(napi_env env, napi_value value, bool *out) {
  (void)env;
  *out = of(value)->kind == VIEW;
  return napi_ok;
}

napi_status napi_get_buffer_info(napi_env env, napi_value value, void **data,
                                 size_t *length) {
  (void)env;
  if (fails())
    return napi_generic_failure;
  *data = of(value)->length == 0 ? NULL : of(value)->bytes;
  *length = of(value)->length;
  return napi_ok;
}

napi_status napi_typeof(napi_env env, napi_value value, napi_valuetype *out) {
  (void)env;
  *out = of(value)->kind == OBJECT || of(value)->kind == VIEW ? napi_object
                                                              : napi_number;
  return napi_ok;
}

static napi_status make(enum value_kind kind, double number, napi_value *out) {
  if (fails())
    return napi_generic_failure;
  memset(&stub_result, 0, sizeof(stub_result));
  stub_result.kind = kind;
  stub_result.number = number;
  *out = to(&stub_result);
  return napi_ok;
}

napi_status napi_create_int32(napi_env env, int32_t value, napi_value *out) {
  (void)env;
  return make(NUMBER, value, out);
}

napi_status napi_create_double(napi_env env, double value, napi_value *out) {
  (void)env;
  return make(NUMBER, value, out);
}

napi_status napi_get_boolean(napi_env env, bool value, napi_value *out) {
  (void)env;
  return make(BOOLEAN, value, out);
}

napi_status napi_create_object(napi_env env, napi_value *out) {
  (void)env;
  return make(OBJECT, 0, out);
}

napi_status napi_type_tag_object(napi_env env, napi_value value,
                                 const napi_type_tag *tag) {
  (void)env;
  (void)tag;
  if (fails())
    return napi_generic_failure;
  of(value)->is_tagged = true;
  return napi_ok;
}

napi_status napi_check_object_type_tag(napi_env env, napi_value value,
                                       const napi_type_tag *tag, bool *out) {
  (void)env;
  (void)tag;
  *out = of(value)->kind == OBJECT && of(value)->is_tagged;
  return napi_ok;
}

napi_status napi_wrap(napi_env env, napi_value value, void *data,
                      napi_finalize finalize, void *hint, napi_ref *reference) {
  (void)env;
  (void)hint;
  (void)reference;
  if (fails())
    return napi_generic_failure;
  of(value)->wrapped = data;
  of(value)->finalize = finalize;
  return napi_ok;
}

napi_status napi_unwrap(napi_env env, napi_value value, void **data) {
  (void)env;
  *data = of(value)->wrapped;
  return napi_ok;
}

static napi_status raise_error(void) {
  CHECK(!stub_is_pending);
  stub_is_pending = true;
  return napi_ok;
}

napi_status napi_throw_error(napi_env env, const char *code, const char *text) {
  (void)env;
  (void)code;
  CHECK(text != NULL);
  return raise_error();
}

napi_status napi_throw_type_error(napi_env env, const char *code,
                                  const char *text) {
  return napi_throw_error(env, code, text);
}

napi_status napi_is_exception_pending(napi_env env, bool *out) {
  (void)env;
  *out = stub_is_pending;
  return napi_ok;
}

napi_status napi_get_last_error_info(napi_env env,
                                     const napi_extended_error_info **out) {
  static napi_extended_error_info info;

  (void)env;
  *out = &info;
  return napi_ok;
}

napi_status napi_create_function(napi_env env, const char *name, size_t length,
                                 napi_callback call, void *data,
                                 napi_value *out) {
  (void)env;
  (void)name;
  (void)length;
  (void)data;
  CHECK(function_count < MAX_FUNCTIONS);
  functions[function_count++] = call;
  return make(OTHER, 0, out);
}

napi_status napi_set_named_property(napi_env env, napi_value object,
                                    const char *name, napi_value value) {
  (void)env;
  (void)object;
  (void)name;
  (void)value;
  return napi_ok;
}
