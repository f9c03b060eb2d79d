/* Events on their way to JavaScript, and the memory that chunks are cut from.
 */
#ifndef UVNET_EVENT_H
#define UVNET_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "env.h"

/* The kinds of event; lib/handle.js knows them by the same names. */
enum uvnet_event_kind {
  /* a: bytes read, or a negative error (UV_EOF at the end); b: where the bytes
   * start, behind dispatch()'s base, in the slab; or -1 if they went to the
   * user's own buffer. */
  UVNET_EVENT_READ = 0,
  /* a: 0 or a negative error. Finishes the oldest pending write. */
  UVNET_EVENT_WRITE = 1,
  /* a: 0 or a negative error. */
  UVNET_EVENT_CONNECT = 2,
  UVNET_EVENT_SHUTDOWN = 3,
  /* a: 0 or a negative error; b: the id of the accepted handle. */
  UVNET_EVENT_CONNECTION = 4,
  /* The handle is gone and its id may be used again. */
  UVNET_EVENT_CLOSE = 5,
  /* a: why bytes of the outbox could not be sent. */
  UVNET_EVENT_WRITE_FAILED = 6,
  /* a: 1 if bytes of the outbox have to wait for the kernel, 0 when all writes
   * of the handle have ended. */
  UVNET_EVENT_WRITE_QUEUED = 7
};

/* Queues one event and dispatches all that wait. Called from libuv callbacks
 * only: JavaScript runs. Does nothing while the environment winds down. */
void uvnet_event_emit(struct uvnet_env *env, enum uvnet_event_kind kind,
                      uint32_t id, int32_t a, int32_t b);

/* Queues the event of a read that lies in the inbox at `offset`. It is
 * dispatched when the loop has polled, or at once with `now`, without batching,
 * or when the inbox fills up; then JavaScript runs. */
void uvnet_event_read(struct uvnet_env *env, uint32_t id, size_t length,
                      size_t offset, bool now);

/* Dispatches all events that wait. */
void uvnet_event_flush(struct uvnet_env *env);

/* Memory for `wanted` bytes (1 to UVNET_SLAB_SIZE) or more in the slab, which
 * is changed for a new one if it has less left; `room` receives how much there
 * is. Nothing is taken until uvnet_slab_take(). NULL if there is no memory. The
 * pointer is good until JavaScript runs. Needs no open handle scope. */
char *uvnet_slab_room(struct uvnet_env *env, size_t wanted, size_t *room);

/* Takes `length` bytes of that memory. Returns their offset in the slab. */
int32_t uvnet_slab_take(struct uvnet_env *env, size_t length);

#endif
