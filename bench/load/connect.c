/* Connections that live for one byte each way. The server ends them: its side
 * then keeps the TIME_WAIT state, and no ports of ours run out. */
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct slot {
  int fd;
  int64_t start;
  bool answered;
};

struct connector {
  int poll;
  const char *target;
  struct slot *slots;
  unsigned int count;
  unsigned int active;
  struct window window;
};

/* The loopback's handshake needs no help of the server's process, so the
 * blocking connect() of open_connection() does not wait for it. */
static void start_slot(struct connector *connector, struct slot *slot) {
  slot->start = now();
  slot->answered = false;
  slot->fd = open_connection(connector->target);
  if (send(slot->fd, "x", 1, MSG_NOSIGNAL) != 1)
    die("send");
  poll_add(connector->poll, slot->fd, slot);
  connector->active++;
}

static void on_event(struct connector *connector, struct slot *slot,
                     bool go_on) {
  char byte[8];
  ssize_t got = recv(slot->fd, byte, sizeof(byte), 0);

  if (got < 0 && errno == EAGAIN)
    return;
  if (got < 0)
    die("recv");
  if (got > 0) {
    slot->answered = true;
    return;
  }
  if (!slot->answered) {
    (void)fprintf(stderr, "load: a connection ended without an answer\n");
    exit(1);
  }
  (void)close(slot->fd);
  connector->active--;
  window_add(&connector->window, slot->start);
  if (go_on)
    start_slot(connector, slot);
}

static void run_window(void *context, int64_t nanoseconds) {
  struct connector *connector = context;
  struct epoll_event events[MAX_EVENTS];
  int64_t start = now();
  unsigned int i;

  for (i = 0; i < connector->count; i++)
    start_slot(connector, &connector->slots[i]);
  while (connector->active > 0) {
    int ready = epoll_wait(connector->poll, events, MAX_EVENTS, 1000);
    bool go_on = now() - start < nanoseconds;
    int which;

    for (which = 0; which < ready; which++)
      on_event(connector, events[which].data.ptr, go_on);
  }
}

void run_connect(const char *target, unsigned int connections) {
  struct connector connector = {.target = target, .count = connections};

  connector.poll = epoll_create1(0);
  connector.slots = allocate(connections, sizeof(*connector.slots));
  serve_windows(&connector.window, run_window, &connector);
  free(connector.slots);
}
