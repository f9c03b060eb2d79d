/* Bytes to the kernel, at once or not at all. */
#ifndef UVNET_SEND_H
#define UVNET_SEND_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

struct uvnet_handle;

/* Sends what the kernel takes now, as uv_try_write() does. With `more` the
 * bytes may wait for those that follow and share their segment. Bytes sent,
 * UV_EAGAIN if the kernel takes none, or another negative libuv error. No write
 * of the handle may wait. */
int uvnet_send(struct uvnet_handle *handle, const uv_buf_t *buffers,
               unsigned int count, bool more);

/* The same of bytes in one place, INT32_MAX at most; 0 instead of UV_EAGAIN. */
int uvnet_send_bytes(struct uvnet_handle *handle, char *data, size_t length);

#endif
