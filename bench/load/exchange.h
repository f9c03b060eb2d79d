/* Equal messages and their equal replies on connections that stay open: what
 * the modes that work in this way have in common. */
#ifndef UVNET_BENCH_EXCHANGE_H
#define UVNET_BENCH_EXCHANGE_H

#include "load.h"

struct connection {
  int fd;
  /* Messages on their way, and a ring of when each was sent. */
  unsigned int pending;
  unsigned int first;
  int64_t *sent_at;
  /* Bytes of the oldest message's reply that have come. */
  size_t received;
  /* Bytes still to be sent of messages that are counted as pending. */
  size_t unsent;
};

struct exchange {
  int poll;
  struct connection *connections;
  unsigned int count;
  /* Messages that may be on their way at once in each connection. */
  unsigned int capacity;
  size_t size;
  size_t reply;
  /* `depth` messages, one behind the other: those go in one send(). */
  const char *messages;
  unsigned int depth;
  char *buffer;
  struct window window;
};

/* Makes the connections, or waits for them. */
void exchange_open(struct exchange *exchange, const char *target, bool listens);

void exchange_free(struct exchange *exchange);

/* Sends `count` messages, whose time begins at `start`. What the kernel does
 * not take goes when the socket is writable. */
void exchange_send(struct exchange *exchange, struct connection *c,
                   unsigned int count, int64_t start);

/* Does what an event asks for. Returns how many replies became complete; these
 * are in the window. */
unsigned int exchange_on_event(struct exchange *exchange, struct connection *c,
                               uint32_t events);

bool exchange_is_pending(const struct exchange *exchange);

/* The closed loop: each reply is followed by a message, in windows. */
void exchange_serve_windows(struct exchange *exchange);

/* http.c: makes the message a GET request, which the caller frees, and learns
 * how long a reply is. */
void http_prepare(struct exchange *exchange, const char *target);

#endif
