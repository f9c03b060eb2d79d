#include "handle.h"
#include "transport.h"

static int pipe_init(uv_loop_t *loop, struct uvnet_handle *handle) {
  /* 0: no handles are passed over it. */
  return uv_pipe_init(loop, &handle->uv.pipe, 0);
}

static int pipe_open(struct uvnet_handle *handle, uv_os_sock_t fd) {
  return uv_pipe_open(&handle->uv.pipe, (uv_file)fd);
}

/* Without UV_PIPE_NO_TRUNCATE: Node documents that a path is cut to what
 * sockaddr_un holds. */
static int pipe_bind(struct uvnet_handle *handle,
                     const struct uvnet_endpoint *to) {
  return uv_pipe_bind2(&handle->uv.pipe, to->name, to->length, 0);
}

static int pipe_connect(uv_connect_t *request, struct uvnet_handle *handle,
                        const struct uvnet_endpoint *to, uv_connect_cb done) {
  return uv_pipe_connect2(request, &handle->uv.pipe, to->name, to->length, 0,
                          done);
}

static int pipe_chmod(struct uvnet_handle *handle, int mode) {
  return uv_pipe_chmod(&handle->uv.pipe, mode);
}

const struct uvnet_transport uvnet_pipe = {.init = pipe_init,
                                           .open = pipe_open,
                                           .bind = pipe_bind,
                                           .connect = pipe_connect,
                                           .local_name = NULL,
                                           .peer_name = NULL,
                                           .no_delay = NULL,
                                           .keep_alive = NULL,
                                           .close_reset = NULL,
                                           .chmod = pipe_chmod};
