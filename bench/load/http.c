/* HTTP requests, all alike. Replies are told apart by their length alone, which
 * is learnt from the first. */
#include "exchange.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD_SIZE = 256, REPLY_HEAD_SIZE = 4096 };

/* A GET, or where there is a body of `size` bytes a POST. The caller frees. */
static char *make_request(size_t size, size_t *length) {
  char *request = allocate(HEAD_SIZE + size, 1);
  char field[64] = "";
  size_t head;

  if (size > 0)
    (void)snprintf(field, sizeof(field), "Content-Length: %zu\r\n", size);
  (void)snprintf(request, HEAD_SIZE,
                 "%s / HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                 "Connection: keep-alive\r\n%s\r\n",
                 size > 0 ? "POST" : "GET", field);
  head = strlen(request);
  memset(request + head, 'x', size);
  *length = head + size;
  return request;
}

static void set_flags(int fd, int flags) {
  if (fcntl(fd, F_SETFL, flags) != 0)
    die("fcntl");
}

/* The size of a response that is on its way, none of which it takes. */
static size_t response_size(int fd) {
  char text[REPLY_HEAD_SIZE] = "";
  const char *body = NULL;
  const char *field;

  while (body == NULL) {
    if (recv(fd, text, sizeof(text) - 1, MSG_PEEK) <= 0)
      die("recv");
    body = strstr(text, "\r\n\r\n");
  }
  field = strcasestr(text, "Content-Length: ");
  if (field != NULL)
    return (size_t)(body + 4 - text) + strtoul(field + 16, NULL, 10);
  (void)fprintf(stderr, "load: a response without Content-Length\n");
  exit(1);
}

/* Sends a request and returns the size of its response, which is left to be
 * read. */
static size_t learn(int fd, const char *request, size_t length) {
  size_t size;

  set_flags(fd, 0);
  if (send(fd, request, length, MSG_NOSIGNAL) != (ssize_t)length)
    die("send");
  size = response_size(fd);
  set_flags(fd, O_NONBLOCK);
  return size;
}

/* Asks on a connection of its own. */
void http_prepare(struct exchange *exchange, const char *target) {
  char *request = make_request(0, &exchange->size);
  int fd = open_connection(target);

  exchange->messages = request;
  exchange->depth = 1;
  exchange->reply = learn(fd, request, exchange->size);
  (void)close(fd);
}

void run_http(const char *target, unsigned int connections) {
  struct exchange exchange = {.count = connections, .capacity = 1};

  http_prepare(&exchange, target);
  exchange_open(&exchange, target, false);
  exchange_serve_windows(&exchange);
  exchange_free(&exchange);
  free((void *)exchange.messages);
}

/* A young server: everything counts, so nothing is asked beforehand. The first
 * request is alone, since it tells how long the responses are. */
static void ask_first(struct exchange *exchange, const char *target) {
  struct connection *c;

  exchange_open(exchange, target, false);
  c = &exchange->connections[0];
  c->sent_at[0] = now();
  c->pending = 1;
  exchange->reply = learn(c->fd, exchange->messages, exchange->size);
}

static uint64_t send_more(struct exchange *exchange, uint64_t sent,
                          uint64_t wanted) {
  unsigned int i;

  for (i = 0; i < exchange->count && sent < wanted; i++) {
    struct connection *c = &exchange->connections[i];

    if (c->pending > 0)
      continue;
    exchange_send(exchange, c, 1, now());
    sent++;
  }
  return sent;
}

/* Goes on until there were `wanted` requests in all. */
static void run_until(struct exchange *exchange, uint64_t wanted) {
  struct epoll_event events[MAX_EVENTS];
  uint64_t sent = exchange->window.operations;

  if (exchange_is_pending(exchange))
    sent++;
  sent = send_more(exchange, sent, wanted);
  while (exchange->window.operations < wanted) {
    int ready = epoll_wait(exchange->poll, events, MAX_EVENTS, 1000);
    int i;

    for (i = 0; i < ready; i++) {
      struct connection *c = events[i].data.ptr;

      if (exchange_on_event(exchange, c, events[i].events) == 0 ||
          sent >= wanted)
        continue;
      exchange_send(exchange, c, 1, now());
      sent++;
    }
  }
}

void run_requests(const char *target, unsigned int connections, size_t body) {
  struct exchange exchange = {.count = connections, .capacity = 1, .depth = 1};
  char *request = make_request(body, &exchange.size);
  int64_t taken = 0;
  char line[64];

  exchange.messages = request;
  window_init(&exchange.window);
  say_ready();
  while (fgets(line, sizeof(line), stdin) != NULL) {
    int64_t start = now();

    if (exchange.connections == NULL)
      ask_first(&exchange, target);
    run_until(&exchange, strtoull(line, NULL, 10));
    taken += now() - start;
    window_print(&exchange.window, taken);
  }
  exchange_free(&exchange);
  free(exchange.window.samples);
  free(request);
}
