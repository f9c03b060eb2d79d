/* The open loop: messages go at the times of a schedule, whether or not replies
 * have come, and each one's time begins when the schedule says. So a server
 * that stops for a while is charged for all who would have come meanwhile, and
 * not for one message of each connection alone. */
#include "exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { CAPACITY = 1 << 12, BATCH = 32, BILLION = 1000000000 };

struct paced {
  struct exchange exchange;
  int timer;
  /* The schedule: how many messages, from when, and how many a second. */
  uint64_t total;
  uint64_t sent;
  int64_t start;
  double rate;
  /* How late each message went. */
  struct window lag;
};

static int64_t due(const struct paced *paced) {
  return paced->start + (int64_t)((double)paced->sent * BILLION / paced->rate);
}

/* Sends what is due, but no more than a few before replies are looked at. */
static void send_batch(struct paced *paced) {
  struct exchange *exchange = &paced->exchange;
  int i;

  for (i = 0; i < BATCH && paced->sent < paced->total; i++) {
    struct connection *c =
        &exchange->connections[paced->sent % exchange->count];
    int64_t at = due(paced);

    if (at > now())
      return;
    window_add(&paced->lag, at);
    exchange_send(exchange, c, 1, at);
    paced->sent++;
  }
}

/* Returns the time for epoll_wait(): none if a message is due already, else the
 * timer ends it. That one is more exact than epoll_wait()'s milliseconds. */
static int arm(const struct paced *paced) {
  struct itimerspec timer = {.it_interval = {0, 0}};
  int64_t at;

  if (paced->sent == paced->total)
    return 1000;
  at = due(paced);
  if (at <= now())
    return 0;
  timer.it_value.tv_sec = at / BILLION;
  timer.it_value.tv_nsec = at % BILLION;
  if (timerfd_settime(paced->timer, TFD_TIMER_ABSTIME, &timer, NULL) != 0)
    die("timerfd_settime");
  return -1;
}

static void disarm(const struct paced *paced) {
  const struct itimerspec never = {.it_interval = {0, 0}};

  if (timerfd_settime(paced->timer, 0, &never, NULL) != 0)
    die("timerfd_settime");
}

static void wait_once(struct paced *paced) {
  struct epoll_event events[MAX_EVENTS];
  int ready = epoll_wait(paced->exchange.poll, events, MAX_EVENTS, arm(paced));
  int i;

  for (i = 0; i < ready; i++) {
    struct connection *c = events[i].data.ptr;

    /* The timer has none, and is armed anew before it is waited for. */
    if (c != NULL)
      (void)exchange_on_event(&paced->exchange, c, events[i].events);
  }
}

static void run_window(struct paced *paced, int64_t milliseconds) {
  paced->total = (uint64_t)(paced->rate * (double)milliseconds / 1000);
  if (paced->total > MAX_SAMPLES) {
    (void)fprintf(stderr, "load: so long a window has too many messages\n");
    exit(2);
  }
  paced->sent = 0;
  window_start(&paced->exchange.window);
  window_start(&paced->lag);
  paced->start = now();
  while (paced->sent < paced->total) {
    send_batch(paced);
    wait_once(paced);
  }
  disarm(paced);
  while (exchange_is_pending(&paced->exchange))
    wait_once(paced);
}

static void print_window(struct paced *paced, int64_t taken) {
  struct window *window = &paced->exchange.window;
  struct window *lag = &paced->lag;

  window_sort(window);
  window_sort(lag);
  (void)printf("{\"operations\":%llu,\"nanoseconds\":%lld,\"p50\":%lld,"
               "\"p99\":%lld,\"p999\":%lld,\"max\":%lld,\"lag50\":%lld,"
               "\"lag99\":%lld}\n",
               (unsigned long long)window->operations, (long long)taken,
               window_quantile(window, 500), window_quantile(window, 990),
               window_quantile(window, 999), window_quantile(window, 1000),
               window_quantile(lag, 500), window_quantile(lag, 990));
  (void)fflush(stdout);
}

static void serve(struct paced *paced) {
  char line[64];

  paced->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  if (paced->timer < 0)
    die("timerfd_create");
  poll_add(paced->exchange.poll, paced->timer, NULL);
  window_init(&paced->exchange.window);
  window_init(&paced->lag);
  say_ready();
  while (fgets(line, sizeof(line), stdin) != NULL) {
    char *rest;
    int64_t milliseconds = strtoll(line, &rest, 10);

    paced->rate = strtod(rest, NULL);
    if (paced->rate <= 0)
      continue;
    run_window(paced, milliseconds);
    print_window(paced, now() - paced->start);
  }
  exchange_free(&paced->exchange);
  free(paced->exchange.window.samples);
  free(paced->lag.samples);
}

void run_paced(const struct exchange_options *options) {
  struct paced paced = {.exchange = {.count = options->connections,
                                     .capacity = CAPACITY,
                                     .depth = 1,
                                     .size = options->size,
                                     .reply = options->reply}};

  if (options->size == 0) {
    http_prepare(&paced.exchange, options->target);
  } else {
    char *message = allocate(1, options->size);

    memset(message, 'x', options->size);
    paced.exchange.messages = message;
  }
  exchange_open(&paced.exchange, options->target, false);
  serve(&paced);
  free((void *)paced.exchange.messages);
}
