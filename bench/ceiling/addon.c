/* ceiling.listen(scenario, path) runs a server in C on Node's own loop. */
#include "server.h"

#include <node_api.h>
#include <string.h>

enum { TEXT_SIZE = 128 };

static napi_value fail(napi_env env, const char *message) {
  (void)napi_throw_error(env, NULL, message);
  return NULL;
}

static napi_value listen_on(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value args[2];
  napi_value result;
  uv_loop_t *loop;
  char scenario[TEXT_SIZE];
  char path[TEXT_SIZE];
  char target[TEXT_SIZE];
  int err;

  if (napi_get_cb_info(env, info, &count, args, NULL, NULL) != napi_ok ||
      count < 2)
    return fail(env, "listen(scenario, path)");
  if (napi_get_value_string_utf8(env, args[0], scenario, TEXT_SIZE, NULL) !=
          napi_ok ||
      napi_get_value_string_utf8(env, args[1], path, TEXT_SIZE, NULL) !=
          napi_ok)
    return fail(env, "the arguments of listen() are strings");
  if (napi_get_uv_event_loop(env, &loop) != napi_ok)
    return fail(env, "no event loop");
  err = ceiling_listen(loop, scenario, path, target, sizeof(target));
  if (err != 0)
    return fail(env, uv_strerror(err));
  if (napi_create_string_utf8(env, target, strlen(target), &result) != napi_ok)
    return NULL;
  return result;
}

NAPI_MODULE_INIT(/* napi_env env, napi_value exports */) {
  napi_value listen_function;

  if (napi_create_function(env, "listen", NAPI_AUTO_LENGTH, listen_on, NULL,
                           &listen_function) != napi_ok ||
      napi_set_named_property(env, exports, "listen", listen_function) !=
          napi_ok)
    return fail(env, "cannot export listen()");
  return exports;
}
