/* Options of a socket that libuv has no function for, or not in all versions
 * that Node uses. */
#ifndef UVNET_OPTION_H
#define UVNET_OPTION_H

#include <node_api.h>

/* Native functions for lib/handle.js; see the table in addon.c. */
napi_value uvnet_js_set_option(napi_env napi, napi_callback_info info);
napi_value uvnet_js_get_option(napi_env napi, napi_callback_info info);

#endif
