#include "event.h"

#include <string.h>

#include "handle.h"
#include "outbox.h"
#include "slab.h"

enum {
  /* The inbox is emptied from this fill on, so that a read finds at least the
   * other half free. */
  INBOX_LIMIT = UVNET_READ_SIZE / 2
};

/* lib/dispatch.js catches what users throw, so an exception here is our own
 * defect or the end of the environment. The first must not pass in silence. */
static void report_exception(napi_env napi) {
  napi_value error = NULL;
  bool pending = false;

  if (napi_is_exception_pending(napi, &pending) != napi_ok || !pending)
    return;
  if (napi_get_and_clear_last_exception(napi, &error) == napi_ok)
    (void)napi_fatal_exception(napi, error);
}

/* Moves the inbox into the slab. The offset where it starts; without memory the
 * reads of `ring` become errors. */
static int32_t empty_inbox(struct uvnet_env *env, int32_t *ring) {
  size_t length = env->inbox_used;
  size_t room;
  char *memory;
  uint32_t i;

  env->inbox_used = 0;
  if (length == 0)
    return 0;
  memory = uvnet_slab_room(env, &env->slab, length, UVNET_SLAB_SIZE, &room);
  if (memory != NULL) {
    memcpy(memory, env->inbox, length);
    return uvnet_slab_take(&env->slab, length);
  }
  for (i = 0; i < env->event_count; i++) {
    int32_t *event = ring + (size_t)i * UVNET_EVENT_FIELDS;

    if (event[0] == UVNET_EVENT_READ && event[2] > 0)
      event[2] = UV_ENOMEM;
  }
  return 0;
}

static napi_status slab_argument(napi_env napi, const struct uvnet_slab *slab,
                                 napi_value *value) {
  if (slab->memory == NULL)
    return napi_get_undefined(napi, value);
  return napi_get_reference_value(napi, slab->memory, value);
}

/* Calls dispatch(slab, bulk) on the function itself: with domains in use Node
 * takes a receiver's property `domain` for one. There is no async context here:
 * each event enters its handle's in JavaScript. napi_make_callback() drains
 * ticks and microtasks when dispatch returns. */
static napi_status call_dispatch(struct uvnet_env *env, bool with_bulk) {
  napi_env napi = env->napi;
  napi_value argv[2] = {NULL, NULL};
  napi_value function = NULL;
  napi_status status = napi_get_reference_value(napi, env->dispatch, &function);

  if (status == napi_ok)
    status = slab_argument(napi, &env->slab, &argv[0]);
  if (status == napi_ok && with_bulk)
    status = slab_argument(napi, &env->bulk, &argv[1]);
  if (status == napi_ok)
    status = napi_make_callback(napi, NULL, function, function,
                                with_bulk ? 2 : 1, argv, NULL);
  return status;
}

static int32_t *ring_of(const struct uvnet_env *env, uint32_t number) {
  return env->events + UVNET_HEADER_FIELDS + (size_t)number * UVNET_RING_FIELDS;
}

/* JavaScript knows that these handles are gone. */
static void release(struct uvnet_handle *closed) {
  while (closed != NULL) {
    struct uvnet_handle *next = closed->next_closed;

    uvnet_handle_release(closed);
    closed = next;
  }
}

static void dispatch_ring(struct uvnet_env *env) {
  int32_t *ring = ring_of(env, env->event_ring);
  int32_t *header = env->events;
  uint32_t count = env->event_count;
  struct uvnet_handle *closed = env->closed;
  bool with_bulk = env->bulk_events > 0;
  bool outer = env->dispatching;

  header[UVNET_HEADER_BASE] = empty_inbox(env, ring);
  header[UVNET_HEADER_FIRST] = (int32_t)(ring - header);
  header[UVNET_HEADER_COUNT] = (int32_t)count;
  env->event_ring ^= 1;
  env->event_count = 0;
  env->bulk_events = 0;
  env->closed = NULL;
  env->counters.dispatches++;
  env->counters.events += count;
  env->dispatching = true;
  if (call_dispatch(env, with_bulk) != napi_ok)
    report_exception(env->napi);
  env->dispatching = outer;
  env->outbox[UVNET_OUTBOX_OPEN] = 0;
  release(closed);
  /* A loop inside of a dispatch leaves alone what the outer one still needs. */
  if (!outer)
    env->relay_used = 0;
  uvnet_outbox_flush(env, NULL);
  uvnet_outbox_report(env);
}

void uvnet_event_flush(struct uvnet_env *env) {
  napi_handle_scope scope = NULL;

  if (env->event_count == 0 || env->closing || env->dispatch == NULL)
    return;
  if (napi_open_handle_scope(env->napi, &scope) != napi_ok)
    return;
  /* What a dispatch does brings events of its own. */
  while (env->event_count > 0 && !env->closing)
    dispatch_ring(env);
  (void)napi_close_handle_scope(env->napi, scope);
}

static void push(struct uvnet_env *env, enum uvnet_event_kind kind, uint32_t id,
                 int32_t a, int32_t b) {
  int32_t *event = ring_of(env, env->event_ring) +
                   (size_t)env->event_count * UVNET_EVENT_FIELDS;

  /* A full ring is dispatched before the next event comes. Where that cannot
   * be, for want of memory, an event is lost rather than what lies behind. */
  if (env->event_count >= UVNET_EVENT_LIMIT)
    return;
  event[0] = (int32_t)kind;
  event[1] = (int32_t)id;
  event[2] = a;
  event[3] = b;
  env->event_count++;
  if (kind == UVNET_EVENT_READ_BULK)
    env->bulk_events++;
}

bool uvnet_event_has_room(const struct uvnet_env *env) {
  /* A ring that is full is dispatched before the next event comes. */
  return env->batching && env->event_count < UVNET_EVENT_LIMIT - 1;
}

void uvnet_event_emit(struct uvnet_env *env, enum uvnet_event_kind kind,
                      uint32_t id, int32_t a, int32_t b) {
  if (env->closing)
    return;
  push(env, kind, id, a, b);
  if (!uvnet_event_has_room(env))
    uvnet_event_flush(env);
}

bool uvnet_event_emit_nested(struct uvnet_env *env, enum uvnet_event_kind kind,
                             uint32_t id, int32_t a) {
  if (!env->dispatching || env->closing || !uvnet_event_has_room(env))
    return false;
  push(env, kind, id, a, 0);
  return true;
}

void uvnet_event_read(struct uvnet_env *env, uint32_t id, size_t length,
                      size_t offset, bool now) {
  if (env->closing)
    return;
  push(env, UVNET_EVENT_READ, id, (int32_t)length, (int32_t)offset);
  env->inbox_used = uvnet_slab_align(offset + length);
  if (now || env->inbox_used >= INBOX_LIMIT || !uvnet_event_has_room(env))
    uvnet_event_flush(env);
}
