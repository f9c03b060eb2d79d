/* Bytes out: from JavaScript to libuv.
 *
 * Bytes go to the kernel straight from JavaScript's memory while the call runs
 * (uv_try_write). What the kernel does not take is copied, 64 KB at a time, to
 * memory of our own, and the rest is looked up again in JavaScript when that is
 * sent. So no pointer into JavaScript outlives the call that found it, and a
 * buffer that the user detaches meanwhile fails its write and harms nobody. */
#ifndef UVNET_WRITE_H
#define UVNET_WRITE_H

#include <node_api.h>
#include <stddef.h>
#include <uv.h>

struct uvnet_handle;
struct uvnet_write;

/* Writes in the order of their calls; the first is with libuv. */
struct uvnet_write_queue {
  struct uvnet_write *head;
  struct uvnet_write *tail;
  /* Bytes accepted and not yet handed to the kernel. */
  size_t pending;
};

/* Ends every pending write with UV_ECANCELED. For a handle that closes. */
void uvnet_write_cancel(struct uvnet_handle *handle);

/* Sends bytes that nobody waits for; what the kernel does not take now is
 * copied and sent later. 0, or a negative error. */
int uvnet_write_buffers(struct uvnet_handle *handle, const uv_buf_t *buffers,
                        unsigned int count);

/* Native functions for lib/handle.js; see the table in addon.c. Each write
 * returns 0 if all bytes are with the kernel, 1 if UVNET_EVENT_WRITE will tell
 * the outcome, or a negative error; results[0] is the number of bytes. */
napi_value uvnet_js_write(napi_env napi, napi_callback_info info);
napi_value uvnet_js_writev(napi_env napi, napi_callback_info info);
napi_value uvnet_js_write_string(napi_env napi, napi_callback_info info);
napi_value uvnet_js_write_queue_size(napi_env napi, napi_callback_info info);

#endif
