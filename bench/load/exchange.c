/* Messages and their replies over connections that stay open. */
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_DEPTH = 64, RECEIVE_SIZE = 1 << 18 };

struct connection {
  int fd;
  /* Messages on their way, and when each was sent. */
  unsigned int pending;
  unsigned int first;
  int64_t sent_at[MAX_DEPTH];
  /* Bytes of the oldest message's reply that have come. */
  size_t received;
  /* Bytes still to be sent of messages that are counted as pending. */
  size_t unsent;
};

struct exchange {
  int poll;
  struct connection *connections;
  unsigned int count;
  unsigned int depth;
  size_t size;
  size_t reply;
  /* As many messages, one behind the other, as can be on their way at once. */
  const char *messages;
  char *buffer;
  struct window window;
};

static void open_all(struct exchange *exchange, const char *target,
                     bool listens) {
  int listener = listens ? open_listener(target) : -1;
  unsigned int i;

  exchange->poll = epoll_create1(0);
  exchange->connections =
      allocate(exchange->count, sizeof(*exchange->connections));
  for (i = 0; i < exchange->count; i++) {
    struct connection *c = &exchange->connections[i];

    c->fd = listens ? accept_connection(listener) : open_connection(target);
    poll_add(exchange->poll, c->fd, c);
  }
  if (listens)
    (void)close(listener);
}

static void watch(struct exchange *exchange, struct connection *c,
                  bool writable) {
  struct epoll_event event = {.events = writable ? EPOLLIN | EPOLLOUT : EPOLLIN,
                              .data.ptr = c};

  if (epoll_ctl(exchange->poll, EPOLL_CTL_MOD, c->fd, &event) != 0)
    die("epoll_ctl");
}

/* Sends what the kernel takes of what is due: all messages in one call, as
 * clients that pipeline do. What is due ends where the messages end. */
static void send_due(struct exchange *exchange, struct connection *c) {
  const char *end = exchange->messages + exchange->size * exchange->depth;

  while (c->unsent > 0) {
    ssize_t sent = send(c->fd, end - c->unsent, c->unsent, MSG_NOSIGNAL);

    if (sent < 0 && errno == EAGAIN)
      return;
    if (sent < 0)
      die("send");
    c->unsent -= (size_t)sent;
  }
}

static void send_messages(struct exchange *exchange, struct connection *c,
                          unsigned int count) {
  bool waits = c->unsent > 0;
  int64_t start = now();
  unsigned int i;

  for (i = 0; i < count; i++)
    c->sent_at[(c->first + c->pending++) % MAX_DEPTH] = start;
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
  c->first = (c->first + 1) % MAX_DEPTH;
  c->pending--;
}

/* Reads replies, and follows them with as many messages. */
static void on_readable(struct exchange *exchange, struct connection *c,
                        bool go_on) {
  ssize_t got = recv(c->fd, exchange->buffer, RECEIVE_SIZE, 0);
  unsigned int replies = 0;

  if (got < 0 && errno == EAGAIN)
    return;
  if (got <= 0 || (c->pending == 0 && c->received == 0)) {
    (void)fprintf(stderr, "load: a connection ended or sent too much\n");
    exit(1);
  }
  c->received += (size_t)got;
  while (c->received >= exchange->reply) {
    c->received -= exchange->reply;
    complete(exchange, c);
    replies++;
  }
  if (go_on && replies > 0)
    send_messages(exchange, c, replies);
}

static bool is_pending(const struct exchange *exchange) {
  unsigned int i;

  for (i = 0; i < exchange->count; i++)
    if (exchange->connections[i].pending > 0)
      return true;
  return false;
}

static void begin(struct exchange *exchange) {
  unsigned int i;

  for (i = 0; i < exchange->count; i++)
    send_messages(exchange, &exchange->connections[i], exchange->depth);
}

static void run_window(void *context, int64_t nanoseconds) {
  struct exchange *exchange = context;
  struct epoll_event events[MAX_EVENTS];
  int64_t start = now();
  bool go_on = true;

  begin(exchange);
  while (go_on || is_pending(exchange)) {
    int ready = epoll_wait(exchange->poll, events, MAX_EVENTS, 1000);
    int i;

    go_on = go_on && now() - start < nanoseconds;
    for (i = 0; i < ready; i++) {
      struct connection *c = events[i].data.ptr;

      if (events[i].events & EPOLLOUT)
        on_writable(exchange, c);
      if (events[i].events & ~(uint32_t)EPOLLOUT)
        on_readable(exchange, c, go_on);
    }
  }
}

static void run(struct exchange *exchange) {
  exchange->buffer = allocate(RECEIVE_SIZE, 1);
  serve_windows(&exchange->window, run_window, exchange);
  free(exchange->buffer);
  free(exchange->connections);
}

void run_exchange(const struct exchange_options *options) {
  struct exchange exchange = {.count = options->connections,
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
  open_all(&exchange, options->target, options->listens);
  run(&exchange);
  free(messages);
}

/* Bytes of the first response on a connection, which has a Content-Length. */
static size_t response_size(const char *target, const char *request) {
  char text[4096] = "";
  size_t length = 0;
  char *body = NULL;
  char *field;
  int fd = open_connection(target);

  if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0)
    die("send");
  while (body == NULL) {
    ssize_t got = recv(fd, text + length, sizeof(text) - 1 - length, 0);

    if (got < 0 && errno == EAGAIN)
      continue;
    if (got <= 0)
      die("recv");
    length += (size_t)got;
    body = strstr(text, "\r\n\r\n");
  }
  (void)close(fd);
  field = strstr(text, "Content-Length: ");
  if (field != NULL)
    return (size_t)(body + 4 - text) + strtoul(field + 16, NULL, 10);
  (void)fprintf(stderr, "load: a response without Content-Length\n");
  exit(1);
}

void run_http(const char *target, unsigned int connections) {
  const char *request = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                        "Connection: keep-alive\r\n\r\n";
  struct exchange exchange = {
      .count = connections, .depth = 1, .messages = request};

  exchange.size = strlen(request);
  exchange.reply = response_size(target, request);
  open_all(&exchange, target, false);
  run(&exchange);
}

void run_idle(const char *target, unsigned int connections) {
  struct exchange exchange = {.count = connections};

  open_all(&exchange, target, false);
  say_ready();
  while (getchar() != EOF) {
  }
  free(exchange.connections);
}
