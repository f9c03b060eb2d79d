#include "read.h"

#include <stdlib.h>
#include <string.h>

#include "env.h"
#include "event.h"
#include "handle.h"
#include "js.h"
#include "os.h"

/* The memory of the buffer that onread gave, looked at anew each time because
 * the user may detach or resize it between two reads. Empty if it is gone;
 * libuv then reports UV_ENOBUFS. */
static uv_buf_t user_memory(struct uvnet_handle *handle) {
  napi_env napi = handle->env->napi;
  napi_handle_scope scope = NULL;
  napi_value view = NULL;
  char *data = NULL;
  size_t length = 0;

  if (napi_open_handle_scope(napi, &scope) != napi_ok)
    return uv_buf_init(NULL, 0);
  if (napi_get_reference_value(napi, handle->user_buffer, &view) != napi_ok ||
      !js_view(napi, view, &data, &length))
    length = 0;
  if (length > INT32_MAX)
    length = INT32_MAX;
  (void)napi_close_handle_scope(napi, scope);
  return uv_buf_init(data, (unsigned int)length);
}

/* Chunks from this size on are read into the slab directly. Smaller ones come
 * by way of the inbox, so that one dispatch serves many. */
enum { DIRECT_READ = 2048, DIRECT_ROOM = 16 * 1024 };

/* Where reads pend, neither JavaScript's memory nor the shared inbox can wait
 * for them: each gets memory of its own, and copies. */
static void own_memory(struct uvnet_handle *handle, uv_buf_t *buffer) {
  buffer->base = malloc(UVNET_READ_SIZE);
  buffer->len = buffer->base == NULL ? 0 : UVNET_READ_SIZE;
  if (handle->user_buffer != NULL && !handle->env->closing) {
    uv_buf_t user = user_memory(handle);

    if (user.len < buffer->len)
      buffer->len = user.len;
  }
}

/* Libuv is in the middle of a read: no JavaScript may run in here. */
static void on_alloc(uv_handle_t *uv, size_t suggested, uv_buf_t *buffer) {
  struct uvnet_handle *handle = uv->data;
  struct uvnet_env *env = handle->env;
  char *memory = NULL;
  size_t room = 0;

  (void)suggested;
  if (UVNET_OS_READS_PEND) {
    own_memory(handle, buffer);
    return;
  }
  if (handle->user_buffer != NULL && !env->closing) {
    *buffer = user_memory(handle);
    return;
  }
  /* Not while something waits in the inbox, which goes to the slab first. */
  if (handle->last_read >= DIRECT_READ && env->event_count == 0 &&
      !env->closing)
    memory = uvnet_slab_room(
        env, handle->last_read < DIRECT_ROOM ? DIRECT_ROOM : handle->last_read,
        &room);
  if (memory != NULL)
    *buffer = uv_buf_init(memory, (unsigned int)room);
  else
    *buffer = uv_buf_init(env->inbox + env->inbox_used,
                          (unsigned int)(UVNET_READ_SIZE - env->inbox_used));
}

/* Brings what was read on its own memory to where it belongs, and tells
 * JavaScript. */
static void deliver_copy(struct uvnet_handle *handle, const uv_buf_t *buffer,
                         size_t length) {
  struct uvnet_env *env = handle->env;
  uv_buf_t user;

  if (handle->user_buffer == NULL) {
    uvnet_event_flush(env);
    memcpy(env->inbox, buffer->base, length);
    uvnet_event_read(env, handle->id, length, 0, true);
    return;
  }
  user = user_memory(handle);
  if (user.base != NULL && user.len >= length)
    memcpy(user.base, buffer->base, length);
  uvnet_event_emit(env, UVNET_EVENT_READ, handle->id,
                   user.len >= length ? (int32_t)length : UV_ENOBUFS, -1);
}

static void deliver(struct uvnet_handle *handle, const uv_buf_t *buffer,
                    size_t length) {
  struct uvnet_env *env = handle->env;
  /* A full buffer means that libuv reads on at once: JavaScript must be able to
   * stop it, and no handle has two chunks in one batch. */
  bool full = length == buffer->len;

  handle->bytes_read += length;
  env->counters.bytes_read += length;
  handle->last_read = length;
  if (UVNET_OS_READS_PEND)
    deliver_copy(handle, buffer, length);
  else if (handle->user_buffer != NULL)
    uvnet_event_emit(env, UVNET_EVENT_READ, handle->id, (int32_t)length, -1);
  else if (buffer->base == env->inbox + env->inbox_used)
    uvnet_event_read(env, handle->id, length, env->inbox_used, full);
  else
    uvnet_event_emit(env, UVNET_EVENT_READ, handle->id, (int32_t)length,
                     uvnet_slab_take(env, length));
}

static void on_read(uv_stream_t *stream, ssize_t count,
                    const uv_buf_t *buffer) {
  struct uvnet_handle *handle = stream->data;

  if (count > 0 && !handle->env->closing)
    deliver(handle, buffer, (size_t)count);
  if (UVNET_OS_READS_PEND)
    free(buffer->base);
  /* Zero means that there was nothing to read after all (EAGAIN). */
  if (count < 0)
    uvnet_event_emit(handle->env, UVNET_EVENT_READ, handle->id, (int32_t)count,
                     -1);
}

void uvnet_read_release(struct uvnet_handle *handle) {
  if (handle->user_buffer == NULL)
    return;
  (void)napi_delete_reference(handle->env->napi, handle->user_buffer);
  handle->user_buffer = NULL;
}

/* readStart(id) */
napi_value uvnet_js_read_start(napi_env napi, napi_callback_info info) {
  napi_value argv[1];
  napi_value result;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 1, argv, &result);

  if (handle == NULL)
    return result;
  return js_int(napi, uv_read_start(&handle->uv.stream, on_alloc, on_read));
}

/* readStop(id) */
napi_value uvnet_js_read_stop(napi_env napi, napi_callback_info info) {
  napi_value argv[1];
  napi_value result;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 1, argv, &result);

  if (handle == NULL)
    return result;
  return js_int(napi, uv_read_stop(&handle->uv.stream));
}

/* useUserBuffer(id, view): from now on reads go to `view`. UV_EINVAL if it is
 * no view. */
napi_value uvnet_js_use_user_buffer(napi_env napi, napi_callback_info info) {
  napi_value argv[2];
  napi_value result;
  char *data;
  size_t length;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 2, argv, &result);

  if (handle == NULL)
    return result;
  if (!js_view(napi, argv[1], &data, &length))
    return js_int(napi, UV_EINVAL);
  uvnet_read_release(handle);
  if (napi_create_reference(napi, argv[1], 1, &handle->user_buffer) != napi_ok)
    return js_throw_last(napi);
  return js_int(napi, 0);
}
