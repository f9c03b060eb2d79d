/* A listening handle.
 *
 * Where the system lacks what a connection takes (descriptors, memory), libuv
 * leaves it in the queue, says nothing, and is told again at once that it is
 * there: the loop turns without end. A server that this happens to is starved:
 * the loop is not told any more, UVNET_EVENT_STARVED tells JavaScript, and a
 * timer tries again until there is enough. */
#ifndef UVNET_SERVER_H
#define UVNET_SERVER_H

#include <node_api.h>

struct uvnet_env;
struct uvnet_handle;

/* Once in each turn of the loop, when it has polled: looks for starved servers
 * now and then. JavaScript may run. */
void uvnet_server_look(struct uvnet_env *env);

/* The handle will close. */
void uvnet_server_end(struct uvnet_handle *handle);

/* Native function for lib/handle.js; see the table in addon.c. */
napi_value uvnet_js_listen(napi_env napi, napi_callback_info info);

#endif
