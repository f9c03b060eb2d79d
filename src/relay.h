/* Bytes that go from one socket to another without becoming a Buffer.
 *
 * What is read from a handle that relays lies in memory that JavaScript does
 * not see, so it serves again at once and stays in the processor's cache.
 * JavaScript is told of each read and has it written to the other handle, or
 * copies it to a Buffer if more is wanted of it than that. */
#ifndef UVNET_RELAY_H
#define UVNET_RELAY_H

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "env.h"

struct uvnet_handle;

enum { UVNET_RELAY_SIZE = 256 * 1024 + UVNET_ALIGNMENT };

/* Memory for the next read of a handle that relays; empty if there is too
 * little. */
uv_buf_t uvnet_relay_room(struct uvnet_env *env);

/* Whether `base` was given by uvnet_relay_room(). */
bool uvnet_relay_owns(const struct uvnet_env *env, const char *base);

/* Queues the event of a read of `length` bytes into the memory given last.
 * JavaScript may run, and does with `now`. */
void uvnet_relay_read(struct uvnet_handle *handle, size_t length, bool now);

/* Native functions for lib/handle.js; see the table in addon.c. */
napi_value uvnet_js_relayed(napi_env napi, napi_callback_info info);
napi_value uvnet_js_use_relay(napi_env napi, napi_callback_info info);
napi_value uvnet_js_relay(napi_env napi, napi_callback_info info);

#endif
