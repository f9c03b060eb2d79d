/* What the parts of the load generator share. */
#ifndef UVNET_BENCH_LOAD_H
#define UVNET_BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_EVENTS = 256, MAX_SAMPLES = 1 << 20 };

/* What one window brought: finished operations and how long each took, in
 * nanoseconds. Samples beyond MAX_SAMPLES are dropped. */
struct window {
  uint64_t operations;
  size_t sample_count;
  int64_t *samples;
};

struct exchange_options {
  const char *target;
  unsigned int connections;
  /* Bytes of a message and of its reply. */
  size_t size;
  size_t reply;
  /* Messages on their way at once in each connection. */
  unsigned int depth;
  /* Wait for the subject to connect, instead of connecting to it. */
  bool listens;
};

/* util.c */

/* Prints what failed and errno's text, and ends the process. */
_Noreturn void die(const char *what);

/* Nanoseconds of the monotonic clock. */
int64_t now(void);

/* calloc that ends the process when there is no memory. */
void *allocate(size_t count, size_t size);

/* Prints "ready": all connections are there. */
void say_ready(void);

/* Counts one operation that began at `start`. */
void window_add(struct window *window, int64_t start);

/* Memory for the samples. */
void window_init(struct window *window);

/* Forgets what was counted. */
void window_start(struct window *window);

void window_sort(struct window *window);

/* A quantile of the sorted samples, in nanoseconds. */
long long window_quantile(const struct window *window, size_t permille);

/* Sorts, and prints the line of a window that took so many nanoseconds. */
void window_print(struct window *window, int64_t taken);

/* Reads milliseconds from standard input, line by line; calls `run` for each
 * with nanoseconds, and prints the result. Returns at the end of input. */
void serve_windows(struct window *window,
                   void (*run)(void *context, int64_t nanoseconds),
                   void *context);

/* socket.c: a target is a port of 127.0.0.1, or a path with a slash in it. All
 * of these end the process on errors. */

/* Returns a connected non-blocking socket. */
int open_connection(const char *target);

/* Listens (port 0 chooses one) and prints the target. Returns the socket. */
int open_listener(const char *target);

/* Waits for a connection and returns its non-blocking socket. */
int accept_connection(int listener);

/* Adds a socket to an epoll set. `data` is what its events carry. */
void poll_add(int poll, int fd, void *data);

/* The modes; main.c describes them. Each returns at the end of input. */
void run_exchange(const struct exchange_options *options);
/* A message of no size means HTTP's GET. */
void run_paced(const struct exchange_options *options);
void run_http(const char *target, unsigned int connections);
void run_requests(const char *target, unsigned int connections, size_t body);
void run_connect(const char *target, unsigned int connections);
void run_idle(const char *target, unsigned int connections);
void run_answer(const char *target, bool once);

#endif
