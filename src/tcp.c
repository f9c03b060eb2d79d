#include "address.h"
#include "handle.h"
#include "os.h"
#include "transport.h"

static int tcp_init(uv_loop_t *loop, struct uvnet_handle *handle) {
  return uv_tcp_init(loop, &handle->uv.tcp);
}

static int tcp_open(struct uvnet_handle *handle, uv_os_sock_t fd) {
  return uv_tcp_open(&handle->uv.tcp, fd);
}

static int parse(const struct uvnet_endpoint *from,
                 struct sockaddr_storage *address) {
  return uvnet_address_parse(from->name, from->length, (uint16_t)from->port,
                             uvnet_os_zone_index, address);
}

static int tcp_bind(struct uvnet_handle *handle,
                    const struct uvnet_endpoint *to) {
  struct sockaddr_storage address;
  int err = parse(to, &address);

  if (err != 0)
    return err;
  return uv_tcp_bind(&handle->uv.tcp, (const struct sockaddr *)&address,
                     to->flags);
}

static int tcp_connect(uv_connect_t *request, struct uvnet_handle *handle,
                       const struct uvnet_endpoint *to, uv_connect_cb done) {
  struct sockaddr_storage address;
  int err = parse(to, &address);

  if (err != 0)
    return err;
  return uv_tcp_connect(request, &handle->uv.tcp,
                        (const struct sockaddr *)&address, done);
}

static int format(const struct sockaddr_storage *address,
                  struct uvnet_name *name) {
  size_t size = sizeof(name->text);

  return uvnet_address_format((const struct sockaddr *)address,
                              uv_if_indextoname, name->text, &size, &name->port,
                              &name->family);
}

static int tcp_local_name(struct uvnet_handle *handle,
                          struct uvnet_name *name) {
  struct sockaddr_storage address;
  int length = sizeof(address);
  int err =
      uv_tcp_getsockname(&handle->uv.tcp, (struct sockaddr *)&address, &length);

  return err != 0 ? err : format(&address, name);
}

static int tcp_peer_name(struct uvnet_handle *handle, struct uvnet_name *name) {
  struct sockaddr_storage address;
  int length = sizeof(address);
  int err =
      uv_tcp_getpeername(&handle->uv.tcp, (struct sockaddr *)&address, &length);

  return err != 0 ? err : format(&address, name);
}

static int tcp_no_delay(struct uvnet_handle *handle, int enable) {
  return uv_tcp_nodelay(&handle->uv.tcp, enable);
}

static int tcp_keep_alive(struct uvnet_handle *handle, int enable,
                          unsigned int delay) {
  return uv_tcp_keepalive(&handle->uv.tcp, enable, delay);
}

static int tcp_close_reset(struct uvnet_handle *handle, uv_close_cb done) {
  return uv_tcp_close_reset(&handle->uv.tcp, done);
}

const struct uvnet_transport uvnet_tcp = {.init = tcp_init,
                                          .open = tcp_open,
                                          .bind = tcp_bind,
                                          .connect = tcp_connect,
                                          .local_name = tcp_local_name,
                                          .peer_name = tcp_peer_name,
                                          .no_delay = tcp_no_delay,
                                          .keep_alive = tcp_keep_alive,
                                          .close_reset = tcp_close_reset,
                                          .chmod = NULL};
