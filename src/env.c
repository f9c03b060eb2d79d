#include "env.h"

#include <stdlib.h>
#include <string.h>

#include "handle.h"
#include "js.h"

static void env_free(struct uvnet_env *env) {
  free(env->slots);
  free(env->scratch);
  free(env);
}

/* Node finalizes the instance data after the cleanup hook is removed, but that
 * order is not documented; whichever comes last frees. */
static void env_finalize(napi_env napi, void *data, void *hint) {
  struct uvnet_env *env = data;

  (void)napi;
  (void)hint;
  env->finalized = true;
  if (env->cleanup_hook == NULL)
    env_free(env);
}

static void cleanup_done(struct uvnet_env *env) {
  napi_async_cleanup_hook_handle hook = env->cleanup_hook;

  env->cleanup_hook = NULL;
  (void)napi_remove_async_cleanup_hook(hook);
  if (env->finalized)
    env_free(env);
}

/* Runs when the environment winds down. A loop that closes with live handles
 * aborts the process, so all are closed first; the loop runs on until the hook
 * is removed. */
static void cleanup(napi_async_cleanup_hook_handle hook, void *data) {
  struct uvnet_env *env = data;
  uint32_t i;

  (void)hook;
  env->closing = true;
  if (env->live_count == 0) {
    cleanup_done(env);
    return;
  }
  for (i = 0; i < env->slot_count; i++)
    if (env->slots[i] != NULL)
      uvnet_handle_close(env->slots[i]);
}

static bool shared_memory(napi_env napi, size_t bytes, void **memory,
                          napi_ref *reference) {
  napi_value buffer = NULL;

  if (napi_create_arraybuffer(napi, bytes, memory, &buffer) != napi_ok)
    return false;
  return napi_create_reference(napi, buffer, 1, reference) == napi_ok;
}

struct uvnet_env *uvnet_env_create(napi_env napi) {
  struct uvnet_env *env = calloc(1, sizeof(*env));
  void *events = NULL;
  void *results = NULL;

  if (env == NULL)
    goto fail;
  env->napi = napi;
  env->scratch = malloc(UVNET_READ_SIZE);
  if (env->scratch == NULL ||
      napi_get_uv_event_loop(napi, &env->loop) != napi_ok ||
      !shared_memory(napi,
                     sizeof(int32_t) * UVNET_EVENT_FIELDS * UVNET_EVENT_LIMIT,
                     &events, &env->events_ref) ||
      !shared_memory(napi, sizeof(double) * UVNET_RESULT_FIELDS, &results,
                     &env->results_ref))
    goto fail;
  env->events = events;
  env->results = results;
  if (napi_add_async_cleanup_hook(napi, cleanup, env, &env->cleanup_hook) !=
      napi_ok)
    goto fail;
  if (napi_set_instance_data(napi, env, env_finalize, NULL) == napi_ok)
    return env;
  (void)napi_remove_async_cleanup_hook(env->cleanup_hook);
fail:
  if (env != NULL)
    env_free(env);
  (void)js_throw_last(napi);
  return NULL;
}

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

/* Calls dispatch(count, slab) on the function itself: with domains in use Node
 * takes a receiver's property `domain` for one. There is no async context here:
 * each event enters its handle's in JavaScript. napi_make_callback() drains
 * ticks and microtasks when dispatch returns. */
static void dispatch(struct uvnet_env *env) {
  napi_handle_scope scope = NULL;
  napi_value argv[2] = {NULL, NULL};
  napi_value function = NULL;
  uint32_t count = env->event_count;

  env->event_count = 0;
  if (env->closing || env->dispatch == NULL ||
      napi_open_handle_scope(env->napi, &scope) != napi_ok)
    return;
  env->counters.dispatches++;
  env->counters.events += count;
  if (napi_get_reference_value(env->napi, env->dispatch, &function) ==
          napi_ok &&
      napi_create_uint32(env->napi, count, &argv[0]) == napi_ok &&
      (env->slab == NULL ? napi_get_undefined(env->napi, &argv[1])
                         : napi_get_reference_value(env->napi, env->slab,
                                                    &argv[1])) == napi_ok &&
      napi_make_callback(env->napi, NULL, function, function, 2, argv, NULL) !=
          napi_ok)
    report_exception(env->napi);
  (void)napi_close_handle_scope(env->napi, scope);
}

void uvnet_env_emit(struct uvnet_env *env, enum uvnet_event_kind kind,
                    uint32_t id, int32_t a, int32_t b) {
  int32_t *event;

  if (env->closing)
    return;
  event = env->events + (size_t)env->event_count * UVNET_EVENT_FIELDS;
  event[0] = (int32_t)kind;
  event[1] = (int32_t)id;
  event[2] = a;
  event[3] = b;
  env->event_count++;
  dispatch(env);
}

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

char *uvnet_env_room(struct uvnet_env *env, size_t wanted, size_t *room) {
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

int32_t uvnet_env_take(struct uvnet_env *env, size_t length) {
  size_t offset = env->slab_used;

  /* Aligned, so that a user may lay a wider typed array over a chunk. */
  env->slab_used = (offset + length + 7) & ~(size_t)7;
  return (int32_t)offset;
}

static int grow_slots(struct uvnet_env *env) {
  uint32_t count = env->slot_count == 0 ? 64 : env->slot_count * 2;
  struct uvnet_handle **slots =
      realloc(env->slots, count * sizeof(struct uvnet_handle *));

  if (slots == NULL)
    return UV_ENOMEM;
  memset(slots + env->slot_count, 0,
         (count - env->slot_count) * sizeof(struct uvnet_handle *));
  env->slots = slots;
  env->next_slot = env->slot_count;
  env->slot_count = count;
  return 0;
}

int uvnet_env_add(struct uvnet_env *env, struct uvnet_handle *handle) {
  uint32_t id;

  if (env->live_count == env->slot_count && grow_slots(env) != 0)
    return UV_ENOMEM;
  for (id = env->next_slot; env->slots[id] != NULL;)
    id = id + 1 == env->slot_count ? 0 : id + 1;
  env->slots[id] = handle;
  env->next_slot = id + 1 == env->slot_count ? 0 : id + 1;
  env->live_count++;
  env->counters.handles_opened++;
  handle->env = env;
  handle->id = id;
  return 0;
}

void uvnet_env_remove(struct uvnet_env *env, struct uvnet_handle *handle) {
  env->slots[handle->id] = NULL;
  env->live_count--;
  env->counters.handles_closed++;
  if (env->closing && env->live_count == 0)
    cleanup_done(env);
}

struct uvnet_handle *uvnet_env_find(const struct uvnet_env *env, int32_t id) {
  if (id < 0 || (uint32_t)id >= env->slot_count)
    return NULL;
  return env->slots[id];
}
