/* A connected or connecting stream, and what servers share with it: opening,
 * binding, names and options. */
#ifndef UVNET_SOCKET_H
#define UVNET_SOCKET_H

#include <node_api.h>

struct uvnet_handle;

/* Starts the shutdown that waits for the last write. */
void uvnet_shutdown_if_wanted(struct uvnet_handle *handle);

/* Native functions for lib/handle.js; see the table in addon.c. */
napi_value uvnet_js_open(napi_env napi, napi_callback_info info);
napi_value uvnet_js_bind(napi_env napi, napi_callback_info info);
napi_value uvnet_js_connect(napi_env napi, napi_callback_info info);
napi_value uvnet_js_shutdown(napi_env napi, napi_callback_info info);
napi_value uvnet_js_name(napi_env napi, napi_callback_info info);
napi_value uvnet_js_set_no_delay(napi_env napi, napi_callback_info info);
napi_value uvnet_js_set_keep_alive(napi_env napi, napi_callback_info info);
napi_value uvnet_js_set_blocking(napi_env napi, napi_callback_info info);
napi_value uvnet_js_chmod(napi_env napi, napi_callback_info info);

#endif
