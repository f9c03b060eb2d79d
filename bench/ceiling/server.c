/* The same scenarios as in ../handlers.js. The process is measured and then
 * ended; so nothing here is closed but what a scenario closes. */
#include "server.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  READ_SIZE = 1 << 16,
  PIECE = 1 << 16,
  BATCH = 1 << 20,
  MESSAGE = 64,
  PART = 16,
  BACKLOG = 4096
};

struct peer {
  union {
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  } handle;
  /* Bytes received that no reply has been sent for. */
  size_t received;
  /* Bytes of the source still to be sent. */
  size_t due;
  bool sending;
  uv_write_t source;
  uv_shutdown_t shutdown;
};

/* A write that the kernel did not take at once. */
struct pending {
  uv_write_t request;
  char data[];
};

typedef void (*receiver)(struct peer *peer, const char *data, size_t length);

static struct {
  union {
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  } listener;
  receiver receive;
  bool is_pipe;
  char read_buffer[READ_SIZE];
  char piece[PIECE];
} server;

static void on_close(uv_handle_t *handle) { free(handle->data); }

static void close_peer(struct peer *peer) {
  uv_handle_t *handle = (uv_handle_t *)&peer->handle.stream;

  if (!uv_is_closing(handle))
    uv_close(handle, on_close);
}

static void on_pending(uv_write_t *request, int status) {
  (void)status;
  free(request->data);
}

static void write_bytes(struct peer *peer, const char *data, size_t length) {
  uv_buf_t buffer = uv_buf_init((char *)data, (unsigned int)length);
  int sent = uv_try_write(&peer->handle.stream, &buffer, 1);
  size_t rest = length - (sent > 0 ? (size_t)sent : 0);
  struct pending *pending;

  if (rest == 0 || (pending = malloc(sizeof(*pending) + rest)) == NULL)
    return;
  memcpy(pending->data, data + length - rest, rest);
  pending->request.data = pending;
  buffer = uv_buf_init(pending->data, (unsigned int)rest);
  if (uv_write(&pending->request, &peer->handle.stream, &buffer, 1,
               on_pending) != 0)
    free(pending);
}

static void echo(struct peer *peer, const char *data, size_t length) {
  write_bytes(peer, data, length);
}

static void sink(struct peer *peer, const char *data, size_t length) {
  (void)data;
  peer->received += length;
  for (; peer->received >= BATCH; peer->received -= BATCH)
    write_bytes(peer, "x", 1);
}

static void small4(struct peer *peer, const char *data, size_t length) {
  int i;

  (void)data;
  peer->received += length;
  for (; peer->received >= MESSAGE; peer->received -= MESSAGE)
    for (i = 0; i < MESSAGE / PART; i++)
      write_bytes(peer, server.piece, PART);
}

static void send_source(struct peer *peer);

static void on_source(uv_write_t *request, int status) {
  struct peer *peer = request->data;

  peer->sending = false;
  if (status == 0)
    send_source(peer);
}

/* Sends what is due, and goes on when the kernel can take more. */
static void send_source(struct peer *peer) {
  while (peer->due > 0 && !peer->sending) {
    size_t part = peer->due % PIECE;
    size_t length = part == 0 ? PIECE : part;
    uv_buf_t buffer = uv_buf_init(server.piece, (unsigned int)length);
    int sent = uv_try_write(&peer->handle.stream, &buffer, 1);

    if (sent > 0) {
      peer->due -= (size_t)sent;
      continue;
    }
    peer->due -= length;
    peer->source.data = peer;
    peer->sending = uv_write(&peer->source, &peer->handle.stream, &buffer, 1,
                             on_source) == 0;
    if (!peer->sending)
      return;
  }
}

static void source(struct peer *peer, const char *data, size_t length) {
  (void)data;
  peer->due += length * BATCH;
  send_source(peer);
}

static void on_shutdown(uv_shutdown_t *request, int status) {
  (void)request;
  (void)status;
}

static void finish(struct peer *peer, const char *data, size_t length) {
  write_bytes(peer, data, length);
  (void)uv_shutdown(&peer->shutdown, &peer->handle.stream, on_shutdown);
}

static void idle(struct peer *peer, const char *data, size_t length) {
  (void)peer;
  (void)data;
  (void)length;
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buffer) {
  (void)handle;
  (void)size;
  *buffer = uv_buf_init(server.read_buffer, READ_SIZE);
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer) {
  struct peer *peer = stream->data;

  if (got < 0)
    close_peer(peer);
  else if (got > 0)
    server.receive(peer, buffer->base, (size_t)got);
}

static void init_handle(uv_loop_t *loop, uv_tcp_t *tcp, uv_pipe_t *pipe) {
  if (server.is_pipe)
    (void)uv_pipe_init(loop, pipe, 0);
  else
    (void)uv_tcp_init(loop, tcp);
}

static void on_connection(uv_stream_t *listener, int status) {
  struct peer *peer = calloc(1, sizeof(*peer));

  if (status != 0 || peer == NULL) {
    free(peer);
    return;
  }
  init_handle(listener->loop, &peer->handle.tcp, &peer->handle.pipe);
  peer->handle.stream.data = peer;
  if (uv_accept(listener, &peer->handle.stream) != 0 ||
      uv_read_start(&peer->handle.stream, on_alloc, on_read) != 0)
    close_peer(peer);
  /* Small writes must not wait for acknowledgements of the ones before. */
  else if (server.receive == small4 && !server.is_pipe)
    (void)uv_tcp_nodelay(&peer->handle.tcp, 1);
}

static receiver find_receiver(const char *scenario) {
  static const struct {
    const char *name;
    receiver receive;
  } table[] = {{"echo", echo},     {"sink", sink},      {"source", source},
               {"small4", small4}, {"connect", finish}, {"idle", idle}};
  size_t i;

  for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
    if (strcmp(table[i].name, scenario) == 0)
      return table[i].receive;
  return NULL;
}

static int bind_listener(const char *path) {
  struct sockaddr_in address;
  int err;

  if (server.is_pipe)
    return uv_pipe_bind(&server.listener.pipe, path);
  err = uv_ip4_addr("127.0.0.1", 0, &address);
  if (err != 0)
    return err;
  return uv_tcp_bind(&server.listener.tcp, (struct sockaddr *)&address, 0);
}

static int write_target(const char *path, char *target, size_t size) {
  struct sockaddr_in address;
  int length = sizeof(address);
  const unsigned char *port = (const unsigned char *)&address.sin_port;
  int err;

  if (server.is_pipe) {
    (void)snprintf(target, size, "%s", path);
    return 0;
  }
  err = uv_tcp_getsockname(&server.listener.tcp, (struct sockaddr *)&address,
                           &length);
  if (err == 0)
    (void)snprintf(target, size, "%d", port[0] * 256 + port[1]);
  return err;
}

int ceiling_listen(uv_loop_t *loop, const char *scenario, const char *path,
                   char *target, size_t size) {
  int err;

  server.receive = find_receiver(scenario);
  if (server.receive == NULL)
    return UV_EINVAL;
  server.is_pipe = path[0] != '\0';
  memset(server.piece, 'x', sizeof(server.piece));
  init_handle(loop, &server.listener.tcp, &server.listener.pipe);
  err = bind_listener(path);
  if (err == 0)
    err = uv_listen(&server.listener.stream, BACKLOG, on_connection);
  if (err != 0)
    return err;
  return write_target(path, target, size);
}
