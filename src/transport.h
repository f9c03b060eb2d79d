/* What differs between TCP and Unix domain sockets (named pipes on Windows),
 * behind one table of functions. The rest of the addon never asks which of the
 * two a handle is. */
#ifndef UVNET_TRANSPORT_H
#define UVNET_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "address.h"

struct uvnet_handle;

/* Where to bind or connect. For TCP `name` is an IP address as text, `port` its
 * port and `flags` those of uv_tcp_bind(); for pipes `name` is the path and may
 * start with NUL (Linux's abstract namespace). */
struct uvnet_endpoint {
  const char *name;
  size_t length;
  int port;
  unsigned int flags;
};

/* An address as text. For pipes only `text` is set. */
struct uvnet_name {
  char text[UVNET_ADDRESS_SIZE];
  int port;
  /* 4 or 6. */
  int family;
};

/* Each function returns 0 or a negative libuv error. One that a transport does
 * not have is NULL, and the caller answers UV_ENOTSUP. */
struct uvnet_transport {
  int (*init)(uv_loop_t *loop, struct uvnet_handle *handle);
  int (*open)(struct uvnet_handle *handle, uv_os_sock_t fd);
  int (*bind)(struct uvnet_handle *handle, const struct uvnet_endpoint *to);
  int (*connect)(uv_connect_t *request, struct uvnet_handle *handle,
                 const struct uvnet_endpoint *to, uv_connect_cb done);
  int (*local_name)(struct uvnet_handle *handle, struct uvnet_name *name);
  int (*peer_name)(struct uvnet_handle *handle, struct uvnet_name *name);
  int (*no_delay)(struct uvnet_handle *handle, int enable);
  /* `delay` in seconds. */
  int (*keep_alive)(struct uvnet_handle *handle, int enable,
                    unsigned int delay);
  /* Ends the connection with RST and closes. */
  int (*close_reset)(struct uvnet_handle *handle, uv_close_cb done);
  /* `mode`: UV_READABLE, UV_WRITABLE or both (uv_pipe_chmod). */
  int (*chmod)(struct uvnet_handle *handle, int mode);
};

extern const struct uvnet_transport uvnet_tcp;
extern const struct uvnet_transport uvnet_pipe;

#endif
