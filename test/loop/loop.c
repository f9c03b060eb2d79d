/* For tests: what an addon that waits for an answer does, and JavaScript alone
 * cannot do. */
#include <node_api.h>
#include <uv.h>

/* turn(): one turn of the loop that is running already. libuv does not promise
 * that it works, but it does, and addons rely on it. */
static napi_value turn(napi_env env, napi_callback_info info) {
  uv_loop_t *loop;

  (void)info;
  if (napi_get_uv_event_loop(env, &loop) == napi_ok)
    (void)uv_run(loop, UV_RUN_ONCE);
  return NULL;
}

NAPI_MODULE_INIT() {
  napi_value function;

  if (napi_create_function(env, "turn", NAPI_AUTO_LENGTH, turn, NULL,
                           &function) != napi_ok ||
      napi_set_named_property(env, exports, "turn", function) != napi_ok)
    return NULL;
  return exports;
}
