#include "read.h"

#include <stdlib.h>
#include <string.h>

#include "env.h"
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
 * by way of the scratch memory, so that many share a slab. */
enum { DIRECT_READ = 2048, DIRECT_ROOM = 16 * 1024 };

/* Where reads pend, neither JavaScript's memory nor the shared scratch memory
 * can wait for them: each gets memory of its own, and copies. */
static void own_memory(uv_buf_t *buffer) {
  buffer->base = malloc(UVNET_READ_SIZE);
  buffer->len = buffer->base == NULL ? 0 : UVNET_READ_SIZE;
}

static void on_alloc(uv_handle_t *uv, size_t suggested, uv_buf_t *buffer) {
  struct uvnet_handle *handle = uv->data;
  struct uvnet_env *env = handle->env;
  char *memory = NULL;
  size_t room = 0;

  (void)suggested;
  if (UVNET_OS_READS_PEND) {
    own_memory(buffer);
    if (handle->user_buffer != NULL && !env->closing) {
      uv_buf_t user = user_memory(handle);

      if (user.len < buffer->len)
        buffer->len = user.len;
    }
    return;
  }
  if (handle->user_buffer != NULL && !env->closing) {
    *buffer = user_memory(handle);
    return;
  }
  if (handle->last_read >= DIRECT_READ && !env->closing)
    memory = uvnet_env_room(
        env, handle->last_read < DIRECT_ROOM ? DIRECT_ROOM : handle->last_read,
        &room);
  if (memory != NULL)
    *buffer = uv_buf_init(memory, (unsigned int)room);
  else
    *buffer = uv_buf_init(env->scratch, UVNET_READ_SIZE);
}

/* Brings what was read into the slab. Its offset there, or UV_ENOMEM. */
static int32_t store(struct uvnet_env *env, const uv_buf_t *buffer,
                     size_t length) {
  if (UVNET_OS_READS_PEND || buffer->base == env->scratch) {
    size_t room;
    char *memory = uvnet_env_room(env, length, &room);

    if (memory == NULL)
      return UV_ENOMEM;
    memcpy(memory, buffer->base, length);
  }
  return uvnet_env_take(env, length);
}

/* Brings what was read on its own memory into the user's buffer: -1, or
 * UV_ENOBUFS if that has shrunk. */
static int32_t store_for_user(struct uvnet_handle *handle,
                              const uv_buf_t *buffer, size_t length) {
  uv_buf_t user;

  if (!UVNET_OS_READS_PEND)
    return -1;
  user = user_memory(handle);
  if (user.base == NULL || user.len < length)
    return UV_ENOBUFS;
  memcpy(user.base, buffer->base, length);
  return -1;
}

static void on_read(uv_stream_t *stream, ssize_t count,
                    const uv_buf_t *buffer) {
  struct uvnet_handle *handle = stream->data;
  struct uvnet_env *env = handle->env;
  int32_t result = (int32_t)count;
  int32_t offset = -1;

  if (count > 0 && !env->closing) {
    handle->bytes_read += (uint64_t)count;
    env->counters.bytes_read += (uint64_t)count;
    handle->last_read = (size_t)count;
    offset = handle->user_buffer == NULL
                 ? store(env, buffer, (size_t)count)
                 : store_for_user(handle, buffer, (size_t)count);
    if (offset < -1)
      result = offset;
  }
  if (UVNET_OS_READS_PEND)
    free(buffer->base);
  /* Zero means that there was nothing to read after all (EAGAIN). */
  if (count != 0)
    uvnet_env_emit(env, UVNET_EVENT_READ, handle->id, result, offset);
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
