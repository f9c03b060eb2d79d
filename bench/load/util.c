/* Time, memory, and the windows in which the generator is asked to work. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void die(const char *what) {
  perror(what);
  exit(1);
}

int64_t now(void) {
  struct timespec time;

  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

void *allocate(size_t count, size_t size) {
  void *memory = calloc(count, size);

  if (memory == NULL)
    die("calloc");
  return memory;
}

void say_ready(void) {
  (void)printf("ready\n");
  (void)fflush(stdout);
}

void window_add(struct window *window, int64_t start) {
  window->operations++;
  if (window->sample_count < MAX_SAMPLES)
    window->samples[window->sample_count++] = now() - start;
}

static int by_value(const void *one, const void *other) {
  int64_t left = *(const int64_t *)one;
  int64_t right = *(const int64_t *)other;

  return left < right ? -1 : left > right;
}

void window_init(struct window *window) {
  window->samples = allocate(MAX_SAMPLES, sizeof(*window->samples));
}

void window_start(struct window *window) {
  window->operations = 0;
  window->sample_count = 0;
}

void window_sort(struct window *window) {
  qsort(window->samples, window->sample_count, sizeof(*window->samples),
        by_value);
}

long long window_quantile(const struct window *window, size_t permille) {
  if (window->sample_count == 0)
    return 0;
  return window->samples[(window->sample_count - 1) * permille / 1000];
}

void window_print(struct window *window, int64_t taken) {
  window_sort(window);
  (void)printf("{\"operations\":%llu,\"nanoseconds\":%lld,"
               "\"p50\":%lld,\"p99\":%lld}\n",
               (unsigned long long)window->operations, (long long)taken,
               window_quantile(window, 500), window_quantile(window, 990));
  (void)fflush(stdout);
}

void serve_windows(struct window *window,
                   void (*run)(void *context, int64_t nanoseconds),
                   void *context) {
  char line[64];

  window_init(window);
  say_ready();
  while (fgets(line, sizeof(line), stdin) != NULL) {
    int64_t start = now();

    window_start(window);
    run(context, strtoll(line, NULL, 10) * 1000000);
    window_print(window, now() - start);
  }
  free(window->samples);
}
