#include "event.h"

#include <string.h>

#include "outbox.h"

enum {
  /* The inbox is emptied from this fill on, so that a read finds at least the
   * other half free. */
  INBOX_LIMIT = UVNET_READ_SIZE / 2
};

/* lib/handle.js catches what users throw, so an exception here is our own
 * defect or the end of the environment. The first must not pass in silence. */
static void report_exception(napi_env napi) {
  napi_value error = NULL;
  bool pending = false;

  if (napi_is_exception_pending(napi, &pending) != napi_ok || !pending)
    return;
  if (napi_get_and_clear_last_exception(napi, &error) == napi_ok)
    (void)napi_fatal_exception(napi, error);
}

/* A user may lay a wider typed array over a chunk. */
static size_t align(size_t length) { return (length + 7) & ~(size_t)7; }

/* A Buffer's memory is not cleared first, as an ArrayBuffer's would be. */
static napi_status new_slab(struct uvnet_env *env, void **memory) {
  napi_value buffer = NULL;
  napi_value slab = NULL;
  napi_status status;

  if (env->slab != NULL)
    (void)napi_delete_reference(env->napi, env->slab);
  env->slab = NULL;
  env->slab_used = 0;
  status = napi_create_buffer(env->napi, UVNET_SLAB_SIZE, memory, &buffer);
  if (status == napi_ok)
    status = napi_get_typedarray_info(env->napi, buffer, NULL, NULL, NULL,
                                      &slab, NULL);
  if (status == napi_ok)
    status = napi_create_reference(env->napi, slab, 1, &env->slab);
  return status;
}

/* The slab's memory if `length` bytes still fit, else NULL. */
static void *slab_memory(struct uvnet_env *env, size_t length) {
  napi_value slab = NULL;
  void *memory = NULL;
  size_t size = 0;

  if (env->slab == NULL ||
      napi_get_reference_value(env->napi, env->slab, &slab) != napi_ok ||
      napi_get_arraybuffer_info(env->napi, slab, &memory, &size) != napi_ok)
    return NULL;
  return size >= env->slab_used + length ? memory : NULL;
}

char *uvnet_slab_room(struct uvnet_env *env, size_t wanted, size_t *room) {
  napi_handle_scope scope = NULL;
  char *memory;
  void *fresh = NULL;

  if (napi_open_handle_scope(env->napi, &scope) != napi_ok)
    return NULL;
  memory = slab_memory(env, wanted);
  if (memory == NULL && new_slab(env, &fresh) == napi_ok)
    memory = fresh;
  if (memory != NULL) {
    memory += env->slab_used;
    *room = UVNET_SLAB_SIZE - env->slab_used;
  }
  (void)napi_close_handle_scope(env->napi, scope);
  return memory;
}

int32_t uvnet_slab_take(struct uvnet_env *env, size_t length) {
  size_t offset = env->slab_used;

  env->slab_used = align(offset + length);
  return (int32_t)offset;
}

/* Moves the inbox into the slab. The offset where it starts; without memory the
 * reads become errors. */
static int32_t empty_inbox(struct uvnet_env *env) {
  size_t length = env->inbox_used;
  size_t room;
  char *memory;
  uint32_t i;

  env->inbox_used = 0;
  if (length == 0)
    return 0;
  memory = uvnet_slab_room(env, length, &room);
  if (memory != NULL) {
    memcpy(memory, env->inbox, length);
    return uvnet_slab_take(env, length);
  }
  for (i = 0; i < env->event_count; i++) {
    int32_t *event = env->events + (size_t)i * UVNET_EVENT_FIELDS;

    if (event[0] == UVNET_EVENT_READ && event[2] > 0)
      event[2] = UV_ENOMEM;
  }
  return 0;
}

/* Calls dispatch(count, slab, base) on the function itself: with domains in use
 * Node takes a receiver's property `domain` for one. There is no async context
 * here: each event enters its handle's in JavaScript. napi_make_callback()
 * drains ticks and microtasks when dispatch returns. `outbox_used` receives
 * what it returns. */
static napi_status call_dispatch(struct uvnet_env *env, uint32_t count,
                                 int32_t base, uint32_t *outbox_used) {
  napi_env napi = env->napi;
  napi_value argv[3] = {NULL, NULL, NULL};
  napi_value function = NULL;
  napi_value result = NULL;
  napi_status status = napi_get_reference_value(napi, env->dispatch, &function);

  if (status == napi_ok)
    status = napi_create_uint32(napi, count, &argv[0]);
  if (status == napi_ok)
    status = env->slab == NULL
                 ? napi_get_undefined(napi, &argv[1])
                 : napi_get_reference_value(napi, env->slab, &argv[1]);
  if (status == napi_ok)
    status = napi_create_int32(napi, base, &argv[2]);
  if (status == napi_ok)
    status =
        napi_make_callback(napi, NULL, function, function, 3, argv, &result);
  if (status == napi_ok)
    status = napi_get_value_uint32(napi, result, outbox_used);
  return status;
}

void uvnet_event_flush(struct uvnet_env *env) {
  napi_handle_scope scope = NULL;
  uint32_t count = env->event_count;
  uint32_t outbox_used = 0;
  int32_t base;

  if (count == 0 || env->closing || env->dispatch == NULL)
    return;
  base = empty_inbox(env);
  env->event_count = 0;
  env->counters.dispatches++;
  env->counters.events += count;
  if (napi_open_handle_scope(env->napi, &scope) != napi_ok)
    return;
  if (call_dispatch(env, count, base, &outbox_used) != napi_ok)
    report_exception(env->napi);
  (void)napi_close_handle_scope(env->napi, scope);
  if (outbox_used > 0 && outbox_used <= UVNET_OUTBOX_SIZE)
    uvnet_outbox_flush(env, outbox_used);
  uvnet_outbox_report(env);
}

static void push(struct uvnet_env *env, enum uvnet_event_kind kind, uint32_t id,
                 int32_t a, int32_t b) {
  int32_t *event = env->events + (size_t)env->event_count * UVNET_EVENT_FIELDS;

  event[0] = (int32_t)kind;
  event[1] = (int32_t)id;
  event[2] = a;
  event[3] = b;
  env->event_count++;
}

void uvnet_event_emit(struct uvnet_env *env, enum uvnet_event_kind kind,
                      uint32_t id, int32_t a, int32_t b) {
  if (env->closing)
    return;
  push(env, kind, id, a, b);
  uvnet_event_flush(env);
}

void uvnet_event_read(struct uvnet_env *env, uint32_t id, size_t length,
                      size_t offset, bool now) {
  if (env->closing)
    return;
  push(env, UVNET_EVENT_READ, id, (int32_t)length, (int32_t)offset);
  env->inbox_used = align(offset + length);
  /* One more event must still fit: an immediate one comes without asking. */
  if (now || !env->batching || env->inbox_used >= INBOX_LIMIT ||
      env->event_count >= UVNET_EVENT_LIMIT - 1)
    uvnet_event_flush(env);
}
