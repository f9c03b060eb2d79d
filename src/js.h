/* N-API arguments, results and exceptions. Nothing here knows of networking.
 *
 * The readers return true on success. On failure a JavaScript exception is
 * pending, and the caller returns NULL to let it through. */
#ifndef UVNET_JS_H
#define UVNET_JS_H

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most arguments that one of our native functions takes. */
enum { JS_MAX_ARGS = 6 };

/* Reads exactly `count` arguments of the running call into `argv`; missing
 * ones are undefined. `env_data` receives what the module stored as instance
 * data. Fails with a pending exception only if N-API itself fails. */
bool js_arguments(napi_env env, napi_callback_info info, size_t count,
                  napi_value *argv, void **env_data);

/* Converts `value` as JavaScript's ToInt32 does for a number. Anything but a
 * number throws TypeError naming `what`. */
bool js_int32(napi_env env, napi_value value, const char *what,
              int32_t *result);

/* Reads a boolean. Anything else throws TypeError naming `what`. */
bool js_bool(napi_env env, napi_value value, const char *what, bool *result);

/* Copies a string as UTF-8 into `buffer` of `size` bytes, cut if need be, with
 * a terminating NUL; `length` receives the bytes of the whole string without
 * it. Not a string: TypeError naming `what`. */
bool js_utf8(napi_env env, napi_value value, const char *what, char *buffer,
             size_t size, size_t *length);

/* Finds the bytes of a Uint8Array or any other view. The pointer is good until
 * JavaScript runs again. A detached buffer gives NULL and 0. Returns false
 * without an exception if `value` is not a typed array or DataView. */
bool js_view(napi_env env, napi_value value, char **data, size_t *length);

/* Makes a JavaScript number; NULL with a pending exception if that fails. */
napi_value js_number(napi_env env, double value);
napi_value js_int(napi_env env, int32_t value);
napi_value js_boolean(napi_env env, bool value);

/* Throws TypeError `message` unless an exception is pending already; always
 * returns NULL, so that a native function can return it. */
napi_value js_throw_type(napi_env env, const char *message);

/* Throws Error with N-API's last error text unless one is pending already;
 * always returns NULL. */
napi_value js_throw_last(napi_env env);

#endif
