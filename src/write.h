/* Bytes out: from JavaScript to libuv.
 *
 * Bytes go to the kernel straight from JavaScript's memory while the call runs.
 * What the kernel does not take is copied, 16 KB at a time, to memory of our
 * own, and the rest is looked up again in JavaScript when that is sent. So no
 * pointer into JavaScript outlives the call that found it, and a buffer that
 * the user detaches meanwhile fails its write and harms nobody. */
#ifndef UVNET_WRITE_H
#define UVNET_WRITE_H

#include <node_api.h>
#include <stdbool.h>
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

/* Notes that bytes which counted as written could not be sent: all later writes
 * fail, and uvnet_outbox_report() tells JavaScript. */
void uvnet_write_failed(struct uvnet_handle *handle, int err);

/* What a write says of itself, besides negative errors. */
enum { UVNET_WRITE_DONE = 0, UVNET_WRITE_PENDING = 1 };

/* What JavaScript hears of a write that had to wait: its end; its failure
 * alone; or nothing, for others follow that belong to it, and fail as it does.
 */
enum uvnet_write_report {
  UVNET_REPORT_END,
  UVNET_REPORT_FAILURE,
  UVNET_REPORT_NOTHING
};

/* Queues `length` bytes from `bytes` on, in `memory` that becomes the write's;
 * either way it is not the caller's any more. UVNET_WRITE_PENDING or an
 * error. */
int uvnet_write_keep(struct uvnet_handle *handle, char *memory, char *bytes,
                     size_t length, enum uvnet_write_report report);

/* As uvnet_write_keep(), with a copy of the bytes. */
int uvnet_write_keep_copy(struct uvnet_handle *handle, const char *bytes,
                          size_t length, enum uvnet_write_report report);

/* As uvnet_write_keep(), with the bytes of a view from `offset` on, less than
 * its `length`; the view's are at `data` now, and will be looked up again. */
int uvnet_write_keep_view(struct uvnet_handle *handle, napi_value view,
                          const char *data, size_t length, size_t offset,
                          enum uvnet_write_report report);

/* The native result of a write of `total` bytes that came to `err`. */
napi_value uvnet_write_answer(struct uvnet_handle *handle, size_t total,
                              int err);

/* Sends bytes of the outbox; what the kernel does not take now is copied and
 * sent later. With `more` they may wait for what the caller sends next.
 * JavaScript hears of the last buffer what `last` says, of the others failure
 * alone. UVNET_WRITE_DONE, UVNET_WRITE_PENDING if bytes of the last one wait,
 * or a negative error. */
int uvnet_write_buffers(struct uvnet_handle *handle, const uv_buf_t *buffers,
                        unsigned int count, bool more,
                        enum uvnet_write_report last);

/* Native functions for lib/handle.js; see the table in addon.c. Each write
 * returns 0 if all bytes are with the kernel, 1 if UVNET_EVENT_WRITE will tell
 * the outcome, or a negative error. */
napi_value uvnet_js_write(napi_env napi, napi_callback_info info);

/* writeParts(id, length, layout, count, isLast): the first `length` bytes of
 * the outbox's memory, and among them views: the first `count` elements of
 * `layout`, an array of ours, are pairs of an offset and the view that comes
 * there. All but the last part of a vector answer only whether they have to
 * wait. */
napi_value uvnet_js_write_parts(napi_env napi, napi_callback_info info);
napi_value uvnet_js_write_string(napi_env napi, napi_callback_info info);
napi_value uvnet_js_write_queue_size(napi_env napi, napi_callback_info info);
napi_value uvnet_js_unsent(napi_env napi, napi_callback_info info);

#endif
