/* Messages and their replies over connections that stay open. */
#include "exchange.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_DEPTH = 64, RECEIVE_SIZE = 1 << 18 };

void exchange_open(struct exchange *exchange, const char *target,
                   bool listens) {
  int listener = listens ? open_listener(target) : -1;
  unsigned int i;

  exchange->poll = epoll_create1(0);
  exchange->buffer = allocate(RECEIVE_SIZE, 1);
  exchange->connections =
      allocate(exchange->count, sizeof(*exchange->connections));
  for (i = 0; i < exchange->count; i++) {
    struct connection *c = &exchange->connections[i];

    c->sent_at = allocate(exchange->capacity, sizeof(*c->sent_at));
    c->fd = listens ? accept_connection(listener) : open_connection(target);
    poll_add(exchange->poll, c->fd, c);
  }
  if (listens)
    (void)close(listener);
}

void exchange_free(struct exchange *exchange) {
  unsigned int i;

  for (i = 0; i < exchange->count; i++)
    free(exchange->connections[i].sent_at);
  free(exchange->connections);
  free(exchange->buffer);
}

static void watch(struct exchange *exchange, struct connection *c,
                  bool writable) {
  struct epoll_event event = {.events = writable ? EPOLLIN | EPOLLOUT : EPOLLIN,
                              .data.ptr = c};

  if (epoll_ctl(exchange->poll, EPOLL_CTL_MOD, c->fd, &event) != 0)
    die("epoll_ctl");
}

/* How much one send() takes of what is due. It ends where the last message
 * does; so where not all fits, whole messages are left. */
static size_t next_part(const struct exchange *exchange, size_t unsent) {
  size_t block = exchange->size * exchange->depth;

  if (unsent <= block)
    return unsent;
  return block - exchange->size + (unsent - 1) % exchange->size + 1;
}

/* Sends what the kernel takes of what is due: all messages in one call, as
 * clients that pipeline do. */
static void send_due(struct exchange *exchange, struct connection *c) {
  const char *end = exchange->messages + exchange->size * exchange->depth;

  while (c->unsent > 0) {
    size_t part = next_part(exchange, c->unsent);
    ssize_t sent = send(c->fd, end - part, part, MSG_NOSIGNAL);

    if (sent < 0 && errno == EAGAIN)
      return;
    if (sent < 0)
      die("send");
    c->unsent -= (size_t)sent;
  }
}

void exchange_send(struct exchange *exchange, struct connection *c,
                   unsigned int count, int64_t start) {
  bool waits = c->unsent > 0;
  unsigned int i;

  if (c->pending + count > exchange->capacity) {
    (void)fprintf(stderr, "load: too many messages wait for their replies\n");
    exit(1);
  }
  for (i = 0; i < count; i++)
    c->sent_at[(c->first + c->pending++) % exchange->capacity] = start;
  c->unsent += exchange->size * count;
  if (waits)
    return;
  send_due(exchange, c);
  if (c->unsent > 0)
    watch(exchange, c, true);
}

static void on_writable(struct exchange *exchange, struct connection *c) {
  send_due(exchange, c);
  if (c->unsent == 0)
    watch(exchange, c, false);
}

static void complete(struct exchange *exchange, struct connection *c) {
  window_add(&exchange->window, c->sent_at[c->first]);
  c->first = (c->first + 1) % exchange->capacity;
  c->pending--;
}

/* Returns how many replies became complete. */
static unsigned int on_readable(struct exchange *exchange,
                                struct connection *c) {
  ssize_t got = recv(c->fd, exchange->buffer, RECEIVE_SIZE, 0);
  unsigned int replies = 0;

  if (got < 0 && errno == EAGAIN)
    return 0;
  if (got <= 0 || (c->pending == 0 && c->received == 0)) {
    (void)fprintf(stderr, "load: a connection ended or sent too much\n");
    exit(1);
  }
  c->received += (size_t)got;
  for (; c->received >= exchange->reply; replies++) {
    c->received -= exchange->reply;
    complete(exchange, c);
  }
  return replies;
}

unsigned int exchange_on_event(struct exchange *exchange, struct connection *c,
                               uint32_t events) {
  if (events & EPOLLOUT)
    on_writable(exchange, c);
  return (events & ~(uint32_t)EPOLLOUT) != 0 ? on_readable(exchange, c) : 0;
}

bool exchange_is_pending(const struct exchange *exchange) {
  unsigned int i;

  for (i = 0; i < exchange->count; i++)
    if (exchange->connections[i].pending > 0)
      return true;
  return false;
}

static void begin(struct exchange *exchange) {
  unsigned int i;

  for (i = 0; i < exchange->count; i++)
    exchange_send(exchange, &exchange->connections[i], exchange->depth, now());
}

static void run_window(void *context, int64_t nanoseconds) {
  struct exchange *exchange = context;
  struct epoll_event events[MAX_EVENTS];
  int64_t start = now();
  bool go_on = true;

  begin(exchange);
  while (go_on || exchange_is_pending(exchange)) {
    int ready = epoll_wait(exchange->poll, events, MAX_EVENTS, 1000);
    int i;

    go_on = go_on && now() - start < nanoseconds;
    for (i = 0; i < ready; i++) {
      struct connection *c = events[i].data.ptr;
      unsigned int replies = exchange_on_event(exchange, c, events[i].events);

      if (go_on && replies > 0)
        exchange_send(exchange, c, replies, now());
    }
  }
}

void exchange_serve_windows(struct exchange *exchange) {
  serve_windows(&exchange->window, run_window, exchange);
}

void run_exchange(const struct exchange_options *options) {
  struct exchange exchange = {.count = options->connections,
                              .capacity = options->depth,
                              .depth = options->depth,
                              .size = options->size,
                              .reply = options->reply};
  char *messages;

  if (exchange.depth == 0 || exchange.depth > MAX_DEPTH) {
    (void)fprintf(stderr, "load: a depth is 1 to %d\n", MAX_DEPTH);
    exit(2);
  }
  messages = allocate(options->depth, options->size);
  memset(messages, 'x', options->depth * options->size);
  exchange.messages = messages;
  exchange_open(&exchange, options->target, options->listens);
  exchange_serve_windows(&exchange);
  exchange_free(&exchange);
  free(messages);
}

void run_idle(const char *target, unsigned int connections) {
  struct exchange exchange = {.count = connections, .capacity = 1};

  exchange_open(&exchange, target, false);
  say_ready();
  while (getchar() != EOF) {
  }
  exchange_free(&exchange);
}
