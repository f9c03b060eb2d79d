/* TCP and Unix sockets behind one kind of target. */
#include "load.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

struct target {
  union {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_un un;
  } address;
  socklen_t length;
};

static struct target parse(const char *text) {
  struct target target;

  memset(&target, 0, sizeof(target));
  if (strchr(text, '/') != NULL) {
    target.length = sizeof(target.address.un);
    target.address.un.sun_family = AF_UNIX;
    (void)snprintf(target.address.un.sun_path,
                   sizeof(target.address.un.sun_path), "%s", text);
  } else {
    target.length = sizeof(target.address.in);
    target.address.in.sin_family = AF_INET;
    target.address.in.sin_port = htons((uint16_t)strtoul(text, NULL, 10));
    target.address.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  }
  return target;
}

static int open_socket(const struct target *target) {
  int fd = socket(target->address.any.sa_family, SOCK_STREAM, 0);

  if (fd < 0)
    die("socket");
  return fd;
}

static void prepare(int fd) {
  int one = 1;

  /* Fails for Unix sockets, which need no such option. */
  (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
    die("fcntl");
}

int open_connection(const char *target) {
  struct target to = parse(target);
  int fd = open_socket(&to);

  if (connect(fd, &to.address.any, to.length) != 0)
    die("connect");
  prepare(fd);
  return fd;
}

int open_listener(const char *target) {
  struct target at = parse(target);
  int fd = open_socket(&at);

  if (bind(fd, &at.address.any, at.length) != 0)
    die("bind");
  if (listen(fd, SOMAXCONN) != 0)
    die("listen");
  if (getsockname(fd, &at.address.any, &at.length) != 0)
    die("getsockname");
  if (at.address.any.sa_family == AF_UNIX)
    (void)printf("%s\n", target);
  else
    (void)printf("%d\n", ntohs(at.address.in.sin_port));
  (void)fflush(stdout);
  return fd;
}

int accept_connection(int listener) {
  int fd = accept(listener, NULL, NULL);

  if (fd < 0)
    die("accept");
  prepare(fd);
  return fd;
}

void poll_add(int poll, int fd, void *data) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = data};

  if (epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) != 0)
    die("epoll_ctl");
}
