#include "send.h"

#include <stdint.h>

#include "env.h"
#include "handle.h"
#include "os.h"

int uvnet_send(struct uvnet_handle *handle, const uv_buf_t *buffers,
               unsigned int count, bool more) {
  int sent = UV_ENOTSUP;
  uv_os_fd_t fd;

  if (handle->write_error != 0)
    return handle->write_error;
  /* Of a handle in another state libuv knows what is wrong with it. */
  if (!handle->is_no_socket && !handle->connecting &&
      uv_is_writable(&handle->uv.stream) &&
      uv_fileno(&handle->uv.handle, &fd) == 0)
    sent = uvnet_os_send(fd, buffers, count, more);
  if (sent == UV_ENOTSOCK)
    handle->is_no_socket = true;
  if (sent == UV_ENOTSUP || sent == UV_ENOTSOCK)
    sent = uv_try_write(&handle->uv.stream, buffers, count);
  if (sent > 0)
    handle->env->counters.bytes_written += (uint64_t)sent;
  return sent;
}

int uvnet_send_bytes(struct uvnet_handle *handle, char *data, size_t length) {
  uv_buf_t buffer = uv_buf_init(
      data, (unsigned int)(length < INT32_MAX ? length : INT32_MAX));
  int sent = uvnet_send(handle, &buffer, 1, false);

  return sent == UV_EAGAIN ? 0 : sent;
}
