#include "env.h"

#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "handle.h"
#include "js.h"
#include "outbox.h"
#include "server.h"

/* Node frees the references of an environment that ends only where they own
 * something. */
static void delete_references(struct uvnet_env *env) {
  const napi_ref references[] = {
      env->dispatch,   env->events_ref,    env->results_ref, env->inbox_ref,
      env->outbox_ref, env->outbox_memory, env->spare};
  size_t i;

  for (i = 0; i < sizeof(references) / sizeof(references[0]); i++)
    if (references[i] != NULL)
      (void)napi_delete_reference(env->napi, references[i]);
  for (i = 0; i < env->large_count; i++)
    (void)napi_delete_reference(env->napi, env->large[i]);
}

static void env_free(struct uvnet_env *env) {
  delete_references(env);
  free(env->slots);
  free(env->scratch);
  free(env->relay);
  free(env);
}

static void cleanup_done(struct uvnet_env *env) {
  napi_async_cleanup_hook_handle hook = env->cleanup_hook;

  /* No JavaScript runs from here on, so nobody calls a native function. */
  env_free(env);
  (void)napi_remove_async_cleanup_hook(hook);
}

static void on_watcher_closed(uv_handle_t *uv) {
  struct uvnet_env *env = uv->data;

  env->watchers--;
  if (env->live_count == 0 && env->watchers == 0)
    cleanup_done(env);
}

/* Runs when the environment winds down. A loop that closes with live handles
 * aborts the process, so all are closed first; the loop runs on until the hook
 * is removed. */
static void cleanup(napi_async_cleanup_hook_handle hook, void *data) {
  struct uvnet_env *env = data;
  uint32_t i;

  (void)hook;
  env->closing = true;
  uv_close((uv_handle_t *)&env->prepare, on_watcher_closed);
  uv_close((uv_handle_t *)&env->check, on_watcher_closed);
  uv_close((uv_handle_t *)&env->accept_timer, on_watcher_closed);
  uvnet_handle_reset_unseen(env);
  for (i = 0; i < env->slot_count; i++)
    if (env->slots[i] != NULL)
      uvnet_handle_abandon(env->slots[i]);
}

/* A loop that a listener runs inside of a dispatch shall not wait for answers
 * to what is still in the outbox. */
static void on_prepare(uv_prepare_t *prepare) {
  uvnet_event_release(prepare->data);
  struct uvnet_env *env = prepare->data;
  napi_handle_scope scope = NULL;

  if (env->outbox[UVNET_OUTBOX_USED] != 0 &&
      napi_open_handle_scope(env->napi, &scope) == napi_ok) {
    uvnet_outbox_flush(env, NULL);
    (void)napi_close_handle_scope(env->napi, scope);
  }
  uvnet_outbox_report(env);
  uvnet_event_flush(env);
}

static void on_check(uv_check_t *check) {
  uvnet_server_look(check->data);
  uvnet_event_flush(check->data);
}

/* Events that wait are dispatched when the loop has polled; those that come
 * from other phases, before it polls again. None of them keeps a loop alive.
 * None of these calls can fail, though they return int. */
static void init_watchers(struct uvnet_env *env) {
  env->prepare.data = env;
  env->check.data = env;
  env->accept_timer.data = env;
  (void)uv_prepare_init(env->loop, &env->prepare);
  (void)uv_check_init(env->loop, &env->check);
  (void)uv_timer_init(env->loop, &env->accept_timer);
  env->watchers = 3;
  uv_unref((uv_handle_t *)&env->prepare);
  uv_unref((uv_handle_t *)&env->check);
  uv_unref((uv_handle_t *)&env->accept_timer);
}

/* libuv calls the watcher that was started last first. Instances shall be
 * dispatched in the order of their age, so each new one has the older ones
 * start theirs anew behind it. Module data is the newest instance. */
static void start_in_order(napi_env napi, struct uvnet_env *newest) {
  struct uvnet_env *env;
  void *older = NULL;

  (void)napi_get_instance_data(napi, &older);
  newest->older = older;
  (void)napi_set_instance_data(napi, newest, NULL, NULL);
  for (env = newest; env != NULL; env = env->older) {
    (void)uv_prepare_stop(&env->prepare);
    (void)uv_check_stop(&env->check);
    (void)uv_prepare_start(&env->prepare, on_prepare);
    (void)uv_check_start(&env->check, on_check);
  }
}

/* Whether `view` has `bytes` bytes that nobody can take away. N-API says of a
 * SharedArrayBuffer that it is no ArrayBuffer. */
static bool is_shared(napi_env napi, napi_value view, size_t bytes,
                      void **memory) {
  napi_typedarray_type type = napi_int8_array;
  napi_value buffer = NULL;
  size_t length = 0;
  bool is_typed = false;
  bool can_detach = true;

  return napi_is_typedarray(napi, view, &is_typed) == napi_ok && is_typed &&
         napi_get_typedarray_info(napi, view, &type, &length, memory, &buffer,
                                  NULL) == napi_ok &&
         napi_is_arraybuffer(napi, buffer, &can_detach) == napi_ok &&
         !can_detach && type == napi_uint8_array && length == bytes &&
         (uintptr_t)*memory % sizeof(double) == 0;
}

/* Memory that `share` gives, with a reference that keeps it. */
static void *shared_memory(napi_env napi, napi_value share, size_t bytes,
                           napi_ref *reference) {
  napi_value size = js_number(napi, (double)bytes);
  napi_valuetype type = napi_undefined;
  napi_value view = NULL;
  void *memory = NULL;

  if (napi_typeof(napi, share, &type) != napi_ok || type != napi_function) {
    (void)js_throw_type(napi, "share must be a function");
    return NULL;
  }
  if (size == NULL ||
      napi_call_function(napi, share, share, 1, &size, &view) != napi_ok)
    return NULL;
  if (!is_shared(napi, view, bytes, &memory)) {
    (void)js_throw_type(napi, "share must give a shared Uint8Array");
    return NULL;
  }
  if (napi_create_reference(napi, view, 1, reference) != napi_ok)
    return NULL;
  return memory;
}

/* False, maybe with a pending exception, if there is not enough of it. */
static bool get_memory(struct uvnet_env *env, napi_value share) {
  napi_env napi = env->napi;
  napi_value buffer = NULL;

  env->scratch = malloc(UVNET_READ_SIZE);
  if (env->scratch == NULL)
    return false;
  env->events = shared_memory(napi, share, UVNET_EVENTS_SIZE, &env->events_ref);
  if (env->events == NULL)
    return false;
  env->results = shared_memory(
      napi, share, sizeof(double) * UVNET_RESULT_FIELDS, &env->results_ref);
  if (env->results == NULL)
    return false;
  env->inbox = shared_memory(napi, share, UVNET_INBOXES_SIZE, &env->inbox_ref);
  if (env->inbox == NULL)
    return false;
  env->inbox_used = uvnet_env_align(env->inbox, 0);
  env->outbox =
      shared_memory(napi, share, UVNET_OUTBOX_NUMBERS_SIZE, &env->outbox_ref);
  return env->outbox != NULL &&
         napi_create_arraybuffer(napi, UVNET_OUTBOX_SIZE, NULL, &buffer) ==
             napi_ok &&
         napi_create_reference(napi, buffer, 1, &env->outbox_memory) == napi_ok;
}

struct uvnet_env *uvnet_env_create(napi_env napi, napi_value share) {
  struct uvnet_env *env = calloc(1, sizeof(*env));

  if (env == NULL)
    goto fail;
  env->napi = napi;
  if (napi_get_uv_event_loop(napi, &env->loop) != napi_ok ||
      !get_memory(env, share))
    goto fail;
  if (napi_add_async_cleanup_hook(napi, cleanup, env, &env->cleanup_hook) !=
      napi_ok)
    goto fail;
  init_watchers(env);
  start_in_order(napi, env);
  return env;
fail:
  if (env != NULL)
    env_free(env);
  (void)js_throw_last(napi);
  return NULL;
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
  if (env->closing && env->live_count == 0 && env->watchers == 0)
    cleanup_done(env);
}

struct uvnet_handle *uvnet_env_find(const struct uvnet_env *env, int32_t id) {
  if (id < 0 || (uint32_t)id >= env->slot_count)
    return NULL;
  return env->slots[id];
}

size_t uvnet_env_align(const char *memory, size_t offset) {
  size_t beyond = ((uintptr_t)memory + offset) % UVNET_ALIGNMENT;

  return beyond == 0 ? offset : offset + UVNET_ALIGNMENT - beyond;
}
