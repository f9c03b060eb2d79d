/* What JavaScript sees of address.h and blocklist.h. */
#ifndef UVNET_JS_ADDRESS_H
#define UVNET_JS_ADDRESS_H

#include <node_api.h>

/* Adds the blockList* functions to `exports`. Returns the status of the first
 * N-API call that failed. */
napi_status uvnet_address_init(napi_env env, napi_value exports);

#endif
