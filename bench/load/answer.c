/* An echo server: the far end for subjects that connect. */
#include "load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE = 1 << 16 };

/* What was read and not yet sent; reading waits while there is any. */
struct peer {
  int fd;
  size_t start;
  size_t end;
  char data[PIECE];
};

static void end_peer(struct peer *peer) {
  (void)close(peer->fd);
  free(peer);
}

static void watch(int poll, struct peer *peer, uint32_t what) {
  struct epoll_event event = {.events = what, .data.ptr = peer};

  if (epoll_ctl(poll, EPOLL_CTL_MOD, peer->fd, &event) != 0)
    die("epoll_ctl");
}

/* Returns false when the connection is gone. */
static bool send_rest(struct peer *peer) {
  ssize_t sent = send(peer->fd, peer->data + peer->start,
                      peer->end - peer->start, MSG_NOSIGNAL);

  if (sent < 0)
    return errno == EAGAIN;
  peer->start += (size_t)sent;
  return true;
}

static bool read_piece(struct peer *peer) {
  ssize_t got = recv(peer->fd, peer->data, PIECE, 0);

  peer->start = 0;
  peer->end = got > 0 ? (size_t)got : 0;
  return got > 0 || (got < 0 && errno == EAGAIN);
}

static void on_peer(int poll, struct peer *peer, bool once) {
  bool waited = peer->start < peer->end;
  bool open = waited || read_piece(peer);
  bool waits;

  if (open && peer->start < peer->end)
    open = send_rest(peer);
  waits = peer->start < peer->end;
  if (!open || (once && !waits && peer->end > 0))
    end_peer(peer);
  else if (waits != waited)
    watch(poll, peer, waits ? EPOLLOUT : EPOLLIN);
}

static void on_listener(int poll, int listener) {
  struct peer *peer = allocate(1, sizeof(*peer));

  peer->fd = accept_connection(listener);
  poll_add(poll, peer->fd, peer);
}

void run_answer(const char *target, bool once) {
  struct epoll_event events[MAX_EVENTS];
  int listener = open_listener(target);
  int poll = epoll_create1(0);
  bool open = true;

  poll_add(poll, listener, &listener);
  poll_add(poll, STDIN_FILENO, NULL);
  while (open) {
    int ready = epoll_wait(poll, events, MAX_EVENTS, -1);
    int i;

    for (i = 0; i < ready; i++) {
      if (events[i].data.ptr == &listener)
        on_listener(poll, listener);
      else if (events[i].data.ptr == NULL)
        open = false;
      else
        on_peer(poll, events[i].data.ptr, once);
    }
  }
}
