/* A listening handle. */
#ifndef UVNET_SERVER_H
#define UVNET_SERVER_H

#include <node_api.h>

/* Native function for lib/handle.js; see the table in addon.c. */
napi_value uvnet_js_listen(napi_env napi, napi_callback_info info);

#endif
