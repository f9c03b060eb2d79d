/* Bytes in: from libuv to JavaScript. */
#ifndef UVNET_READ_H
#define UVNET_READ_H

#include <node_api.h>

struct uvnet_handle;

/* Lets the user's buffer go. For a handle that closes. */
void uvnet_read_release(struct uvnet_handle *handle);

/* Native functions for lib/handle.js; see the table in addon.c. */
napi_value uvnet_js_read_start(napi_env napi, napi_callback_info info);
napi_value uvnet_js_use_inbox(napi_env napi, napi_callback_info info);
napi_value uvnet_js_read_stop(napi_env napi, napi_callback_info info);
napi_value uvnet_js_read_on(napi_env napi, napi_callback_info info);
napi_value uvnet_js_copy(napi_env napi, napi_callback_info info);
napi_value uvnet_js_buffer_holder(napi_env napi, napi_callback_info info);
napi_value uvnet_js_use_user_buffer(napi_env napi, napi_callback_info info);

#endif
