#include "os.h"

#include <stdlib.h>
#include <uv.h>

int uvnet_os_duplicate(int fd) {
  (void)fd;
  return UV_ENOTSUP;
}

int uvnet_os_descriptor(uv_os_fd_t fd) {
  (void)fd;
  return -1;
}

int uvnet_os_shutdown(uv_os_fd_t fd) {
  (void)fd;
  return UV_ENOTSUP;
}

int uvnet_os_send(uv_os_fd_t fd, const uv_buf_t *buffers, unsigned int count,
                  bool more) {
  (void)fd;
  (void)buffers;
  (void)count;
  (void)more;
  return UV_ENOTSUP;
}

int uvnet_os_receive(uv_os_fd_t fd, char *data, size_t length) {
  (void)fd;
  (void)data;
  (void)length;
  return UV_ENOTSUP;
}

int uvnet_os_accept(uv_os_fd_t fd) {
  (void)fd;
  return UV_ENOTSUP;
}

void uvnet_os_drop_accepted(uv_stream_t *server) { (void)server; }

int uvnet_os_watch(uv_loop_t *loop, uv_os_fd_t fd, bool enable) {
  (void)loop;
  (void)fd;
  (void)enable;
  return UV_ENOTSUP;
}

int uvnet_os_waiting(uv_os_fd_t fd) {
  (void)fd;
  return UV_ENOTSUP;
}

bool uvnet_os_hung_up(uv_os_fd_t fd) {
  (void)fd;
  return false;
}

int uvnet_os_close(int fd) {
  (void)fd;
  return UV_ENOTSUP;
}

int uvnet_os_set_option(uv_os_fd_t fd, enum uvnet_os_option option, int value) {
  (void)fd;
  (void)option;
  (void)value;
  return UV_ENOTSUP;
}

int uvnet_os_get_option(uv_os_fd_t fd, enum uvnet_os_option option,
                        int *value) {
  (void)fd;
  (void)option;
  (void)value;
  return UV_ENOTSUP;
}

void uvnet_os_keep_freed_memory(void) {}

unsigned int uvnet_os_zone_index(const char *zone) {
  return (unsigned int)strtoul(zone, NULL, 10);
}
