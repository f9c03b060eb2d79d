/* The load generator: one thread, epoll, non-blocking sockets. It works in
 * windows, so that servers can be measured in turn.
 *
 *   load exchange <target> <connections> <size> <reply> <depth> [listen]
 *     Sends messages of <size> bytes and takes each <reply> bytes for the
 *     answer to one. With "listen" it prints a target and waits for the
 *     subject's connections. An operation is a message with its reply.
 *   load http <target> <connections>
 *     The same with a GET request; the reply's length is learnt from the first.
 *   load paced <target> <connections> [<size> <reply>]
 *     Messages at a fixed rate, or GET requests without a size. Here a line is
 *     "<milliseconds> <messages per second>", and the answer tells more.
 *   load requests <target> <connections> <body>
 *     A young server's first HTTP requests: GET, or POST with a body of <body>
 *     bytes. Nothing is sent, nor connected, before the first line. Here a line
 *     is a number of requests in all, and the answer is about all until then.
 *   load connect <target> <connections>
 *     Connects, sends a byte, waits for a byte and the end, and closes. An
 *     operation is a connection; <connections> are open at once.
 *   load idle <target> <connections>
 *     Keeps connections open until the end of standard input.
 *   load answer <target> [once]
 *     Listens, prints the target and echoes; with "once" it closes each
 *     connection after the first piece.
 *
 * <target> is a port of 127.0.0.1, or a path. All but "answer" print "ready".
 * Then each line "<milliseconds>" on standard input starts a window, which is
 * answered, when all its operations are over, by
 *   {"operations":n,"nanoseconds":n,"p50":ns,"p99":ns}
 * It ends at the end of standard input. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static int usage(void) {
  (void)fprintf(stderr, "usage: load exchange|http|paced|requests|connect|"
                        "idle|answer target ...\n");
  return 2;
}

static unsigned int number(const char *text) {
  return (unsigned int)strtoul(text, NULL, 10);
}

static void raise_limit(void) {
  struct rlimit limit;

  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
  }
}

static int exchange(int argc, char **argv) {
  struct exchange_options options = {.target = argv[2]};

  if (argc < 7)
    return usage();
  options.connections = number(argv[3]);
  options.size = number(argv[4]);
  options.reply = number(argv[5]);
  options.depth = number(argv[6]);
  options.listens = argc > 7 && strcmp(argv[7], "listen") == 0;
  if (options.size == 0 || options.reply == 0)
    return usage();
  run_exchange(&options);
  return 0;
}

static int paced(int argc, char **argv) {
  struct exchange_options options = {.target = argv[2]};

  if (argc != 4 && argc != 6)
    return usage();
  options.connections = number(argv[3]);
  if (argc == 6) {
    options.size = number(argv[4]);
    options.reply = number(argv[5]);
  }
  run_paced(&options);
  return 0;
}

static int requests(int argc, char **argv) {
  if (argc < 5)
    return usage();
  run_requests(argv[2], number(argv[3]), number(argv[4]));
  return 0;
}

/* The modes that take a number of connections. */
static int with_connections(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*run)(const char *target, unsigned int connections);
  } modes[] = {
      {"http", run_http}, {"connect", run_connect}, {"idle", run_idle}};
  size_t i;

  for (i = 0; argc > 3 && i < sizeof(modes) / sizeof(modes[0]); i++) {
    if (strcmp(argv[1], modes[i].name) == 0) {
      modes[i].run(argv[2], number(argv[3]));
      return 0;
    }
  }
  return usage();
}

int main(int argc, char **argv) {
  if (argc < 3)
    return usage();
  raise_limit();
  if (strcmp(argv[1], "exchange") == 0)
    return exchange(argc, argv);
  if (strcmp(argv[1], "paced") == 0)
    return paced(argc, argv);
  if (strcmp(argv[1], "requests") == 0)
    return requests(argc, argv);
  if (strcmp(argv[1], "answer") != 0)
    return with_connections(argc, argv);
  run_answer(argv[2], argc > 3 && strcmp(argv[3], "once") == 0);
  return 0;
}
