/* Servers in C on libuv alone: what a server without JavaScript costs. */
#ifndef UVNET_BENCH_CEILING_SERVER_H
#define UVNET_BENCH_CEILING_SERVER_H

#include <stddef.h>
#include <uv.h>

/* Starts the server of a scenario on `loop`: on `path`, or on a free port of
 * 127.0.0.1 if that is "". Writes the target that is to be connected to, a
 * port or the path, into `target` of `size` bytes. Returns 0 or libuv's error,
 * UV_EINVAL for an unknown scenario. It serves until the process ends. */
int ceiling_listen(uv_loop_t *loop, const char *scenario, const char *path,
                   char *target, size_t size);

#endif
