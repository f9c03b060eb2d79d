#include "event.h"

#include "handle.h"
#include "large.h"
#include "outbox.h"

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

/* Calls dispatch(...chunks) on the function itself: with domains in use Node
 * takes a receiver's property `domain` for one. There is no async context here:
 * each event enters its handle's in JavaScript. napi_make_callback() drains
 * ticks and microtasks when dispatch returns. */
static napi_status call_dispatch(struct uvnet_env *env) {
  napi_env napi = env->napi;
  napi_value chunks[UVNET_LARGE_LIMIT];
  size_t count = uvnet_large_give(env, chunks);
  napi_value function = NULL;
  napi_status status = napi_get_reference_value(napi, env->dispatch, &function);

  if (status == napi_ok)
    status =
        napi_make_callback(napi, NULL, function, function, count, chunks, NULL);
  return status;
}

static int32_t *ring_of(const struct uvnet_env *env, uint32_t number) {
  return env->events + UVNET_HEADER_FIELDS + (size_t)number * UVNET_RING_FIELDS;
}

/* JavaScript knows that these handles are gone. */
static void forget(struct uvnet_env *env, struct uvnet_handle *closed) {
  while (closed != NULL) {
    struct uvnet_handle *next = closed->next_closed;

    closed->next_closed = env->forgotten;
    env->forgotten = closed;
    closed = next;
  }
}

void uvnet_event_release(struct uvnet_env *env) {
  if (env->dispatching)
    return;
  while (env->forgotten != NULL) {
    struct uvnet_handle *handle = env->forgotten;

    env->forgotten = handle->next_closed;
    uvnet_handle_release(handle);
  }
}

static void dispatch_ring(struct uvnet_env *env) {
  int32_t *ring = ring_of(env, env->event_ring);
  int32_t *header = env->events;
  uint32_t count = env->event_count;
  struct uvnet_handle *closed = env->closed;
  bool outer = env->dispatching;

  header[UVNET_HEADER_FIRST] = (int32_t)(ring - header);
  header[UVNET_HEADER_COUNT] = (int32_t)count;
  env->event_ring ^= 1;
  env->event_count = 0;
  env->inbox_used = uvnet_env_align(env->inbox, 0);
  env->closed = NULL;
  env->counters.dispatches++;
  env->counters.events += count;
  env->dispatching = true;
  if (call_dispatch(env) != napi_ok)
    report_exception(env->napi);
  env->dispatching = outer;
  env->outbox[UVNET_OUTBOX_OPEN] = 0;
  forget(env, closed);
  /* A loop inside of a dispatch leaves alone what the outer one still needs. */
  if (!outer)
    env->relay_used = uvnet_env_align(env->relay, 0);
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

bool uvnet_event_note(struct uvnet_env *env, enum uvnet_event_kind kind,
                      uint32_t id, int32_t a, int32_t b) {
  if (env->closing || !uvnet_event_has_room(env))
    return false;
  push(env, kind, id, a, b);
  return true;
}

bool uvnet_event_emit_nested(struct uvnet_env *env, enum uvnet_event_kind kind,
                             uint32_t id, int32_t a) {
  return env->dispatching && uvnet_event_note(env, kind, id, a, 0);
}

char *uvnet_event_inbox(const struct uvnet_env *env) {
  return env->inbox + (env->dispatching ? UVNET_INBOX_SIZE : 0) +
         env->inbox_used;
}

void uvnet_event_read(struct uvnet_env *env, uint32_t id, size_t length,
                      bool now) {
  if (env->closing)
    return;
  push(env, UVNET_EVENT_READ, id, (int32_t)length,
       (int32_t)(uvnet_event_inbox(env) - env->inbox));
  env->inbox_used = uvnet_env_align(env->inbox, env->inbox_used + length);
  if (now || env->inbox_used > UVNET_INBOX_LIMIT || !uvnet_event_has_room(env))
    uvnet_event_flush(env);
}
