/* The load generator: one thread, epoll, non-blocking sockets. It keeps its
 * connections open and works in windows, so that servers can be measured in
 * turn.
 *
 *   load echo <target> <connections> <size> <depth>
 *   load idle <target> <connections>
 *
 * <target> is a port of 127.0.0.1, or a path. It prints "ready" once all are
 * connected. Then each line "<milliseconds>" on standard input starts a window,
 * answered when all its messages are back by
 *   {"operations":n,"nanoseconds":n,"p50":ns,"p99":ns}
 * It ends at the end of standard input. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { MAX_EVENTS = 256, MAX_DEPTH = 64, MAX_SAMPLES = 1 << 20 };

struct connection {
  int fd;
  /* Messages on their way, and when each was sent. */
  unsigned int pending;
  unsigned int first;
  int64_t sent_at[MAX_DEPTH];
  /* Bytes of the oldest message that came back. */
  size_t received;
  /* Bytes still to be sent of messages that are counted as pending. */
  size_t unsent;
};

struct load {
  int poll;
  struct connection *connections;
  unsigned int count;
  size_t size;
  unsigned int depth;
  char *message;
  char *buffer;
  int64_t *samples;
  size_t sample_count;
  uint64_t operations;
};

static void die(const char *what) {
  perror(what);
  exit(1);
}

static int64_t now(void) {
  struct timespec time;

  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int open_connection(const char *target) {
  struct sockaddr_un path = {.sun_family = AF_UNIX};
  struct sockaddr_in address = {.sin_family = AF_INET};
  bool is_path = strchr(target, '/') != NULL;
  int fd = socket(is_path ? AF_UNIX : AF_INET, SOCK_STREAM, 0);
  int one = 1;
  int err;

  if (fd < 0)
    die("socket");
  if (is_path) {
    (void)snprintf(path.sun_path, sizeof(path.sun_path), "%s", target);
    err = connect(fd, (struct sockaddr *)&path, sizeof(path));
  } else {
    address.sin_port = htons((uint16_t)strtoul(target, NULL, 10));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    err = connect(fd, (struct sockaddr *)&address, sizeof(address));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  }
  if (err != 0)
    die("connect");
  (void)fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

static void connect_all(struct load *load, const char *target) {
  unsigned int i;

  load->connections = calloc(load->count, sizeof(*load->connections));
  for (i = 0; i < load->count; i++) {
    struct epoll_event event = {.events = EPOLLIN,
                                .data.ptr = &load->connections[i]};

    load->connections[i].fd = open_connection(target);
    if (epoll_ctl(load->poll, EPOLL_CTL_ADD, load->connections[i].fd, &event))
      die("epoll_ctl");
  }
}

static void watch(struct load *load, struct connection *c, bool writable) {
  struct epoll_event event = {.events = writable ? EPOLLIN | EPOLLOUT : EPOLLIN,
                              .data.ptr = c};

  if (epoll_ctl(load->poll, EPOLL_CTL_MOD, c->fd, &event))
    die("epoll_ctl");
}

/* Sends what is due, message by message. */
static void flush(struct load *load, struct connection *c) {
  bool waited = c->unsent > 0;

  while (c->unsent > 0) {
    size_t part = c->unsent % load->size;
    size_t length = part == 0 ? load->size : part;
    ssize_t sent =
        send(c->fd, load->message + load->size - length, length, MSG_NOSIGNAL);

    if (sent < 0 && errno == EAGAIN) {
      watch(load, c, true);
      return;
    }
    if (sent < 0)
      die("send");
    c->unsent -= (size_t)sent;
  }
  if (waited)
    watch(load, c, false);
}

/* Sends one more message; without the epoll round if the kernel takes it. */
static void send_message(struct load *load, struct connection *c) {
  ssize_t sent = 0;

  c->sent_at[(c->first + c->pending) % MAX_DEPTH] = now();
  c->pending++;
  if (c->unsent == 0)
    sent = send(c->fd, load->message, load->size, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN)
    die("send");
  if (sent < 0)
    sent = 0;
  if ((size_t)sent < load->size) {
    c->unsent += load->size - (size_t)sent;
    flush(load, c);
  }
}

static void complete(struct load *load, struct connection *c) {
  if (load->sample_count < MAX_SAMPLES)
    load->samples[load->sample_count++] = now() - c->sent_at[c->first];
  c->first = (c->first + 1) % MAX_DEPTH;
  c->pending--;
  load->operations++;
}

/* Reads what came back and answers each whole message with the next one. */
static void receive(struct load *load, struct connection *c, bool go_on) {
  ssize_t got = recv(c->fd, load->buffer, load->size * load->depth, 0);

  if (got < 0 && errno == EAGAIN)
    return;
  if (got <= 0) {
    (void)fprintf(stderr, "load: the server closed a connection\n");
    exit(1);
  }
  c->received += (size_t)got;
  while (c->received >= load->size) {
    c->received -= load->size;
    complete(load, c);
    if (go_on)
      send_message(load, c);
  }
}

static void run_window(struct load *load, int64_t nanoseconds) {
  struct epoll_event events[MAX_EVENTS];
  int64_t start = now();
  unsigned int pending = 1;
  unsigned int i;
  unsigned int k;

  load->operations = 0;
  load->sample_count = 0;
  for (i = 0; i < load->count; i++)
    for (k = 0; k < load->depth; k++)
      send_message(load, &load->connections[i]);
  while (pending > 0) {
    bool go_on = now() - start < nanoseconds;
    int ready = epoll_wait(load->poll, events, MAX_EVENTS, 1000);
    int e;

    for (e = 0; e < ready; e++) {
      struct connection *c = events[e].data.ptr;

      if (events[e].events & EPOLLOUT)
        flush(load, c);
      if (events[e].events & ~(uint32_t)EPOLLOUT)
        receive(load, c, go_on);
    }
    pending = go_on ? 1 : 0;
    for (i = 0; !go_on && i < load->count; i++)
      pending += load->connections[i].pending;
  }
}

static int by_value(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a;
  int64_t y = *(const int64_t *)b;

  return x < y ? -1 : x > y;
}

static int64_t percentile(const struct load *load, double part) {
  if (load->sample_count == 0)
    return 0;
  return load->samples[(size_t)((double)(load->sample_count - 1) * part)];
}

static void serve_windows(struct load *load) {
  char line[64];

  while (fgets(line, sizeof(line), stdin) != NULL) {
    int64_t start = now();
    int64_t taken;

    run_window(load, strtoll(line, NULL, 10) * 1000000);
    taken = now() - start;
    qsort(load->samples, load->sample_count, sizeof(*load->samples), by_value);
    (void)printf("{\"operations\":%llu,\"nanoseconds\":%lld,"
                 "\"p50\":%lld,\"p99\":%lld}\n",
                 (unsigned long long)load->operations, (long long)taken,
                 (long long)percentile(load, 0.5),
                 (long long)percentile(load, 0.99));
    (void)fflush(stdout);
  }
}

int main(int argc, char **argv) {
  struct load load = {.size = 64, .depth = 1};
  bool idle;

  if (argc < 4) {
    (void)fprintf(stderr, "usage: load echo|idle target connections "
                          "[size depth]\n");
    return 2;
  }
  idle = strcmp(argv[1], "idle") == 0;
  load.count = (unsigned int)strtoul(argv[3], NULL, 10);
  if (argc > 4)
    load.size = strtoul(argv[4], NULL, 10);
  if (argc > 5)
    load.depth = (unsigned int)strtoul(argv[5], NULL, 10);
  if (load.depth == 0 || load.depth > MAX_DEPTH || load.size == 0)
    return 2;
  load.poll = epoll_create1(0);
  load.message = malloc(load.size);
  load.buffer = malloc(load.size * load.depth);
  load.samples = malloc(sizeof(*load.samples) * MAX_SAMPLES);
  if (load.poll < 0 || !load.message || !load.buffer || !load.samples)
    die("setup");
  memset(load.message, 'x', load.size);
  connect_all(&load, argv[2]);
  (void)printf("ready\n");
  (void)fflush(stdout);
  if (idle)
    while (getchar() != EOF)
      continue;
  else
    serve_windows(&load);
  return 0;
}
