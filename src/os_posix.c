#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#ifdef __linux__
#include <sys/epoll.h>
#endif
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

int uvnet_os_duplicate(int fd) {
  int copy;

  do
    copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  while (copy < 0 && errno == EINTR);
  return copy < 0 ? uv_translate_sys_error(errno) : copy;
}

int uvnet_os_descriptor(uv_os_fd_t fd) { return fd; }

static int last_error(void) { return uv_translate_sys_error(errno); }

int uvnet_os_shutdown(uv_os_fd_t fd) {
  return shutdown(fd, SHUT_WR) == 0 ? 0 : last_error();
}

#ifdef __linux__
int uvnet_os_send(uv_os_fd_t fd, const uv_buf_t *buffers, unsigned int count,
                  bool more) {
  /* libuv lays its buffers out as writev(2) wants them (uv/unix.h). */
  struct msghdr message = {.msg_iov = (struct iovec *)buffers};
  int flags = MSG_NOSIGNAL | (more ? MSG_MORE : 0);
  ssize_t sent;

  /* A size_t in glibc, an int in musl and POSIX. */
  message.msg_iovlen = (__typeof__(message.msg_iovlen))count;
  do
    sent = count == 1 ? send(fd, buffers->base, buffers->len, flags)
                      : sendmsg(fd, &message, flags);
  while (sent < 0 && errno == EINTR);
  if (sent >= 0)
    return (int)sent;
  return errno == ENOBUFS ? UV_EAGAIN : last_error();
}

int uvnet_os_accept(uv_os_fd_t fd) {
  int accepted;

  do
    accepted = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  while (accepted < 0 && errno == EINTR);
  return accepted < 0 ? last_error() : accepted;
}

int uvnet_os_watch(uv_loop_t *loop, uv_os_fd_t fd, bool enable) {
  /* As libuv registers it. */
  struct epoll_event event = {.events = enable ? EPOLLIN : 0,
                              .data = {.fd = fd}};

  if (epoll_ctl(uv_backend_fd(loop), EPOLL_CTL_MOD, fd, &event) == 0)
    return 0;
  return last_error();
}
#else
int uvnet_os_send(uv_os_fd_t fd, const uv_buf_t *buffers, unsigned int count,
                  bool more) {
  (void)fd;
  (void)buffers;
  (void)count;
  (void)more;
  return UV_ENOTSUP;
}

int uvnet_os_accept(uv_os_fd_t fd) {
  (void)fd;
  return UV_ENOTSUP;
}

int uvnet_os_watch(uv_loop_t *loop, uv_os_fd_t fd, bool enable) {
  (void)loop;
  (void)fd;
  (void)enable;
  return UV_ENOTSUP;
}
#endif

void uvnet_os_drop_accepted(uv_stream_t *server) {
  /* As uv_accept() leaves it. */
  (void)close(server->accepted_fd);
  server->accepted_fd = -1;
}

int uvnet_os_receive(uv_os_fd_t fd, char *data, size_t length) {
  ssize_t count;

  do
    count = recv(fd, data, length, MSG_DONTWAIT);
  while (count < 0 && errno == EINTR);
  return count < 0 ? last_error() : (int)count;
}

int uvnet_os_waiting(uv_os_fd_t fd) {
  int count = 0;

  return ioctl(fd, FIONREAD, &count) == 0 ? count : last_error();
}

bool uvnet_os_hung_up(uv_os_fd_t fd) {
  struct pollfd look = {.fd = fd};

  return poll(&look, 1, 0) == 1 && (look.revents & POLLHUP) != 0;
}

int uvnet_os_close(int fd) { return close(fd) == 0 ? 0 : last_error(); }

/* What the option is to setsockopt(2). 0 or a negative libuv error. */
static int find_option(uv_os_fd_t fd, enum uvnet_os_option option, int *level,
                       int *name) {
  struct sockaddr_storage address = {0};
  socklen_t length = sizeof(address);

  *level = IPPROTO_TCP;
  *name = 0;
  switch (option) {
  case UVNET_OS_KEEP_ALIVE_INTERVAL:
    *name = TCP_KEEPINTVL;
    return 0;
  case UVNET_OS_KEEP_ALIVE_COUNT:
    *name = TCP_KEEPCNT;
    return 0;
  case UVNET_OS_TYPE_OF_SERVICE:
    if (getsockname(fd, (struct sockaddr *)&address, &length) != 0)
      return last_error();
    *level = address.ss_family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
    *name = address.ss_family == AF_INET6 ? IPV6_TCLASS : IP_TOS;
    return 0;
  }
  return UV_EINVAL;
}

int uvnet_os_set_option(uv_os_fd_t fd, enum uvnet_os_option option, int value) {
  int level;
  int name;
  int err = find_option(fd, option, &level, &name);

  if (err == 0 && setsockopt(fd, level, name, &value, sizeof(value)) != 0)
    err = last_error();
  return err;
}

int uvnet_os_get_option(uv_os_fd_t fd, enum uvnet_os_option option,
                        int *value) {
  int level;
  int name;
  socklen_t length = sizeof(*value);
  int err = find_option(fd, option, &level, &name);

  if (err == 0 && getsockopt(fd, level, name, value, &length) != 0)
    err = last_error();
  return err;
}

void uvnet_os_keep_freed_memory(void) {
#ifdef __GLIBC__
  /* Never touched, so no memory is behind it. Volatile, since compilers leave
   * out a block that nothing uses. */
  /* cppcheck-suppress unusedAllocatedMemory */
  void *volatile block = malloc((size_t)24 * 1024 * 1024);

  free(block);
#endif
}

unsigned int uvnet_os_zone_index(const char *zone) {
  return if_nametoindex(zone);
}
