/* Events on their way to JavaScript.
 *
 * What happens in libuv's callbacks is noted in a ring, and JavaScript is
 * called once for all of it: when the loop has polled, when a pass of closing
 * handles is over, or else before the loop polls again. Without batching (see
 * setDispatch() in addon.c) it is called for each event. */
#ifndef UVNET_EVENT_H
#define UVNET_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "env.h"

/* The kinds of event; lib/dispatch.js knows them by the same names. */
enum uvnet_event_kind {
  /* a: bytes read, or a negative error (UV_EOF at the end); b: where the bytes
   * start in the memory of the inboxes; or UVNET_READ_USER. */
  UVNET_EVENT_READ = 0,
  /* a: 0 or a negative error. Finishes the oldest pending write. b:
   * UVNET_WRITE_FROM_OUTBOX if it had waited there, or 0. */
  UVNET_EVENT_WRITE = 1,
  /* a: 0 or a negative error. */
  UVNET_EVENT_CONNECT = 2,
  UVNET_EVENT_SHUTDOWN = 3,
  /* a: 0 or a negative error; b: the id of the accepted handle. */
  UVNET_EVENT_CONNECTION = 4,
  /* The handle is gone; its id may be used again when the dispatch is over. */
  UVNET_EVENT_CLOSE = 5,
  /* a: why bytes of the outbox could not be sent. */
  UVNET_EVENT_WRITE_FAILED = 6,
  /* a: 1 if bytes of the outbox have to wait for the kernel, 0 when all writes
   * of the handle have ended. */
  UVNET_EVENT_WRITE_QUEUED = 7,
  /* a: bytes read; b: which of the dispatch's arguments is their chunk. */
  UVNET_EVENT_READ_LARGE = 8,
  /* a: bytes read; b: where they start in the relay's memory. */
  UVNET_EVENT_READ_RELAY = 9,
  /* a: why a server cannot accept what waits for it. */
  UVNET_EVENT_STARVED = 10
};

enum { UVNET_WRITE_FROM_OUTBOX = 1 };

/* Where a read's bytes are: in the user's own buffer, or they fill it. */
enum { UVNET_READ_USER = -1, UVNET_READ_FILLED = -2 };

/* The shared memory of events: numbers that go with a dispatch, then the two
 * rings. JavaScript reads one while events go to the other. */
enum {
  /* Where in the memory the dispatch's first event is, and how many there are.
   */
  UVNET_HEADER_FIRST = 0,
  UVNET_HEADER_COUNT = 1,
  UVNET_HEADER_FIELDS = 2,
  UVNET_RING_FIELDS = UVNET_EVENT_LIMIT * UVNET_EVENT_FIELDS,
  UVNET_EVENTS_SIZE = (UVNET_HEADER_FIELDS + 2 * UVNET_RING_FIELDS) * 4
};

/* Queues one event. JavaScript may run, so libuv's callbacks alone call this.
 * Does nothing while the environment winds down. */
void uvnet_event_emit(struct uvnet_env *env, enum uvnet_event_kind kind,
                      uint32_t id, int32_t a, int32_t b);

/* Queues one event of what a native function did while JavaScript runs a
 * dispatch, to come when that is over. False if it cannot be queued: outside of
 * a dispatch, without batching, or when the ring is full. */
bool uvnet_event_emit_nested(struct uvnet_env *env, enum uvnet_event_kind kind,
                             uint32_t id, int32_t a);

/* Queues one event while JavaScript may be running, to come with the next
 * dispatch, which whoever calls this is sure of. False as above. */
bool uvnet_event_note(struct uvnet_env *env, enum uvnet_event_kind kind,
                      uint32_t id, int32_t a, int32_t b);

/* Where the next read into the inbox goes; at least UVNET_READ_SIZE bytes. */
char *uvnet_event_inbox(const struct uvnet_env *env);

/* Queues the event of a read of `length` bytes that lie there. JavaScript may
 * run, and does with `now`. */
void uvnet_event_read(struct uvnet_env *env, uint32_t id, size_t length,
                      bool now);

/* Whether one more event can be queued without a dispatch. */
bool uvnet_event_has_room(const struct uvnet_env *env);

/* Frees the handles that JavaScript knows to be gone, and their ids, unless it
 * runs. It may have closed a handle and run the loop, all in a callback of that
 * handle's, to which libuv returns: so no such callback must call this. */
void uvnet_event_release(struct uvnet_env *env);

/* Dispatches all events that wait. */
void uvnet_event_flush(struct uvnet_env *env);

#endif
