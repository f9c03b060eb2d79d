#include "js.h"

#include <stdio.h>

napi_value js_throw_type(napi_env env, const char *message) {
  bool pending = false;

  if (napi_is_exception_pending(env, &pending) == napi_ok && !pending)
    (void)napi_throw_type_error(env, NULL, message);
  return NULL;
}

napi_value js_throw_last(napi_env env) {
  const napi_extended_error_info *info = NULL;
  const char *message = "N-API call failed";
  bool pending = false;

  if (napi_get_last_error_info(env, &info) == napi_ok && info != NULL &&
      info->error_message != NULL)
    message = info->error_message;
  if (napi_is_exception_pending(env, &pending) == napi_ok && !pending)
    (void)napi_throw_error(env, NULL, message);
  return NULL;
}

static bool wrong_type(napi_env env, const char *what, const char *expected) {
  char message[96];

  (void)snprintf(message, sizeof(message), "%s must be a %s", what, expected);
  (void)js_throw_type(env, message);
  return false;
}

bool js_arguments(napi_env env, napi_callback_info info, size_t count,
                  napi_value *argv, void **env_data) {
  size_t given = count;

  if (napi_get_cb_info(env, info, &given, argv, NULL, env_data) == napi_ok)
    return true;
  (void)js_throw_last(env);
  return false;
}

bool js_int32(napi_env env, napi_value value, const char *what,
              int32_t *result) {
  if (napi_get_value_int32(env, value, result) == napi_ok)
    return true;
  return wrong_type(env, what, "number");
}

bool js_bool(napi_env env, napi_value value, const char *what, bool *result) {
  if (napi_get_value_bool(env, value, result) == napi_ok)
    return true;
  return wrong_type(env, what, "boolean");
}

bool js_utf8(napi_env env, napi_value value, const char *what, char *buffer,
             size_t size, size_t *length) {
  size_t copied = 0;

  buffer[0] = '\0';
  if (napi_get_value_string_utf8(env, value, NULL, 0, length) != napi_ok)
    return wrong_type(env, what, "string");
  if (napi_get_value_string_utf8(env, value, buffer, size, &copied) == napi_ok)
    return true;
  (void)js_throw_last(env);
  return false;
}

bool js_view(napi_env env, napi_value value, char **data, size_t *length) {
  void *bytes = NULL;
  bool is_view = false;

  *data = NULL;
  *length = 0;
  /* napi_get_buffer_info() serves every ArrayBufferView. */
  if (napi_is_buffer(env, value, &is_view) != napi_ok || !is_view)
    return false;
  if (napi_get_buffer_info(env, value, &bytes, length) != napi_ok)
    return false;
  *data = bytes;
  if (bytes == NULL)
    *length = 0;
  return true;
}

napi_value js_number(napi_env env, double value) {
  napi_value result = NULL;

  if (napi_create_double(env, value, &result) != napi_ok)
    return js_throw_last(env);
  return result;
}

napi_value js_int(napi_env env, int32_t value) {
  napi_value result = NULL;

  if (napi_create_int32(env, value, &result) != napi_ok)
    return js_throw_last(env);
  return result;
}

napi_value js_boolean(napi_env env, bool value) {
  napi_value result = NULL;

  if (napi_get_boolean(env, value, &result) != napi_ok)
    return js_throw_last(env);
  return result;
}
