#include "read.h"

#include <stdlib.h>
#include <string.h>

#include "env.h"
#include "event.h"
#include "handle.h"
#include "js.h"
#include "os.h"
#include "relay.h"
#include "slab.h"

/* The memory of the buffer that onread gave, looked at anew each time because
 * the user may detach, resize or change it between two reads. Empty if it is
 * gone; libuv then reports UV_ENOBUFS. */
static uv_buf_t user_memory(struct uvnet_handle *handle) {
  napi_env napi = handle->env->napi;
  napi_handle_scope scope = NULL;
  napi_value view = NULL;
  char *data = NULL;
  size_t length = 0;

  if (napi_open_handle_scope(napi, &scope) != napi_ok)
    return uv_buf_init(NULL, 0);
  if (napi_get_reference_value(napi, handle->user_buffer, &view) != napi_ok ||
      (!handle->user_buffer_stays &&
       napi_get_element(napi, view, 0, &view) != napi_ok) ||
      !js_view(napi, view, &data, &length))
    length = 0;
  if (length > INT32_MAX)
    length = INT32_MAX;
  (void)napi_close_handle_scope(napi, scope);
  return uv_buf_init(data, (unsigned int)length);
}

enum {
  /* A connection whose last read brought this much reads into the bulk slab.
   * Smaller reads come by way of the inbox. */
  DIRECT_READ = 2048,
  /* It is offered this much at least. */
  DIRECT_ROOM = 16 * 1024,
  /* From this much on the bulk slab is a large one, which one dispatch can
   * bring as a whole. What a chunk pins stays within 16 times the last read. */
  LARGE_READ = 16 * 1024
};

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

/* Memory in the bulk slab for what the handle may read next. */
static uv_buf_t bulk_memory(struct uvnet_handle *handle) {
  size_t last = handle->last_read;
  size_t room = 0;
  size_t wanted = last < DIRECT_ROOM ? DIRECT_ROOM : last;
  size_t size = last < LARGE_READ ? UVNET_SLAB_SIZE : UVNET_BULK_SIZE;
  struct uvnet_slab *bulk = &handle->env->bulk;
  napi_env napi = handle->env->napi;
  napi_handle_scope scope = NULL;
  char *memory;

  /* Chunks that wait for their dispatch keep the slab that is there. */
  if (handle->env->bulk_events > 0 && bulk->used + wanted > bulk->size)
    return uv_buf_init(NULL, 0);
  if (napi_open_handle_scope(napi, &scope) != napi_ok)
    return uv_buf_init(NULL, 0);
  /* V8 frees many slabs at once, on a thread of its own, and malloc() holds its
   * lock while it returns them to the system. */
  if (bulk->size == 0)
    uvnet_os_keep_freed_memory();
  memory = uvnet_slab_room(handle->env, bulk, wanted, size, &room);
  (void)napi_close_handle_scope(napi, scope);
  return uv_buf_init(memory, (unsigned int)room);
}

/* Memory in the inbox, which never has less than half of it free. With onread
 * no more than the user's buffer holds. */
static uv_buf_t inbox_memory(struct uvnet_handle *handle) {
  struct uvnet_env *env = handle->env;
  size_t room = UVNET_READ_SIZE - env->inbox_used;

  if (handle->user_buffer != NULL && room > handle->user_length)
    room = handle->user_length;
  return uv_buf_init(env->inbox + env->inbox_used, (unsigned int)room);
}

/* Whether a listener runs between a read now and its event. The user's buffer
 * must not hold the bytes meanwhile: it may be another socket's too, or be
 * written to by that listener. */
static bool is_behind_others(const struct uvnet_env *env) {
  return env->dispatching || env->event_count > 0;
}

/* Libuv is in the middle of a read: no JavaScript may run in here. */
static void on_alloc(uv_handle_t *uv, size_t suggested, uv_buf_t *buffer) {
  struct uvnet_handle *handle = uv->data;
  bool direct = handle->last_read >= DIRECT_READ && !handle->env->closing;

  (void)suggested;
  buffer->base = NULL;
  if (UVNET_OS_READS_PEND) {
    own_memory(handle, buffer);
    return;
  }
  if (handle->relays && !handle->env->closing)
    *buffer = uvnet_relay_room(handle->env);
  if (buffer->base != NULL)
    return;
  if (direct && handle->user_buffer == NULL) {
    *buffer = bulk_memory(handle);
  } else if (direct && !is_behind_others(handle->env)) {
    *buffer = user_memory(handle);
    return;
  }
  if (buffer->base == NULL)
    *buffer = inbox_memory(handle);
}

/* Brings what was read on its own memory to where it belongs, and tells
 * JavaScript. */
static void deliver_copy(struct uvnet_handle *handle, const uv_buf_t *buffer,
                         size_t length) {
  struct uvnet_env *env = handle->env;
  uv_buf_t user;

  uvnet_event_flush(env);
  if (handle->user_buffer == NULL) {
    memcpy(env->inbox, buffer->base, length);
    uvnet_event_read(env, handle->id, length, 0, true);
    return;
  }
  user = user_memory(handle);
  if (user.base != NULL && user.len >= length)
    memcpy(user.base, buffer->base, length);
  uvnet_event_emit(env, UVNET_EVENT_READ, handle->id,
                   user.len >= length ? (int32_t)length : UV_ENOBUFS, -1);
  uvnet_event_flush(env);
}

/* What was read into the bulk slab. */
static void deliver_bulk(struct uvnet_handle *handle, const uv_buf_t *buffer,
                         size_t length, bool full) {
  struct uvnet_env *env = handle->env;
  struct uvnet_slab *bulk = &env->bulk;

  if (length < DIRECT_READ) {
    /* A small chunk that somebody keeps shall not keep all of the slab. */
    memcpy(env->inbox + env->inbox_used, buffer->base, length);
    uvnet_event_read(env, handle->id, length, env->inbox_used, full);
    return;
  }
  uvnet_event_emit(env, UVNET_EVENT_READ_BULK, handle->id, (int32_t)length,
                   uvnet_slab_take(bulk, length));
  /* The next one finds a new slab when these chunks are with JavaScript. */
  if (full || bulk->used + length > bulk->size ||
      bulk->used + DIRECT_ROOM > bulk->size)
    uvnet_event_flush(env);
}

/* What was read into the user's buffer. */
static void deliver_user(struct uvnet_handle *handle, size_t length,
                         bool full) {
  struct uvnet_env *env = handle->env;

  uvnet_event_emit(env, UVNET_EVENT_READ, handle->id, (int32_t)length,
                   full ? UVNET_READ_FILLED : UVNET_READ_USER);
  if (full)
    uvnet_event_flush(env);
}

static void deliver(struct uvnet_handle *handle, const uv_buf_t *buffer,
                    size_t length) {
  struct uvnet_env *env = handle->env;
  /* A full buffer means that libuv reads on at once: JavaScript must be able to
   * stop it, and no handle has two chunks in one batch. */
  bool full = length == buffer->len;

  handle->bytes_read += length;
  env->counters.bytes_read += length;
  handle->last_read = (uint32_t)length;
  if (UVNET_OS_READS_PEND) {
    deliver_copy(handle, buffer, length);
  } else if (uvnet_relay_owns(env, buffer->base)) {
    uvnet_relay_read(handle, length, full);
  } else if (buffer->base == env->inbox + env->inbox_used) {
    uvnet_event_read(env, handle->id, length, env->inbox_used, full);
  } else if (handle->user_buffer == NULL) {
    deliver_bulk(handle, buffer, length, full);
  } else {
    deliver_user(handle, length, full);
  }
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

/* readOn(id, view): reads into `view` at once what else has arrived. Bytes, or
 * 0 if there are none or the peer has ended, which libuv will find out; or a
 * negative error. */
napi_value uvnet_js_read_on(napi_env napi, napi_callback_info info) {
  napi_value argv[2];
  napi_value result;
  char *data;
  size_t length;
  uv_os_fd_t fd;
  int count;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 2, argv, &result);

  if (handle == NULL)
    return result;
  if (!js_view(napi, argv[1], &data, &length) || length == 0 ||
      length > INT32_MAX || !uv_is_active(&handle->uv.handle) ||
      uv_fileno(&handle->uv.handle, &fd) != 0)
    return js_int(napi, 0);
  count = uvnet_os_receive(fd, data, length);
  if (count == UV_EAGAIN || count == UV_ENOTSUP || count == UV_ENOTSOCK)
    return js_int(napi, 0);
  if (count > 0) {
    handle->bytes_read += (uint64_t)count;
    handle->env->counters.bytes_read += (uint64_t)count;
    handle->last_read = (uint32_t)count;
  }
  return js_int(napi, count);
}

/* Tells arrays of bufferHolder() from a user's. */
static const napi_type_tag holder_tag = {0x5d0c1f6a27e84b93,
                                         0x8e42a7d9136bf05c};

/* bufferHolder(view): an array for useUserBuffer(). No user can give it a
 * getter, which would run in the middle of a read. */
napi_value uvnet_js_buffer_holder(napi_env napi, napi_callback_info info) {
  napi_property_descriptor element = {.utf8name = "0",
                                      .attributes = napi_default_jsproperty};
  napi_value argv[1];
  napi_value holder = NULL;

  if (!js_arguments(napi, info, 1, argv, NULL))
    return NULL;
  element.value = argv[0];
  if (napi_create_array(napi, &holder) != napi_ok ||
      napi_define_properties(napi, holder, 1, &element) != napi_ok ||
      napi_object_seal(napi, holder) != napi_ok ||
      napi_type_tag_object(napi, holder, &holder_tag) != napi_ok)
    return js_throw_last(napi);
  return holder;
}

/* Whether `value` is an array of bufferHolder() with a view in it. */
static bool held_view(napi_env napi, napi_value value, char **data,
                      size_t *length) {
  napi_value view = NULL;
  bool is_array = false;
  bool is_ours = false;

  return napi_is_array(napi, value, &is_array) == napi_ok && is_array &&
         napi_check_object_type_tag(napi, value, &holder_tag, &is_ours) ==
             napi_ok &&
         is_ours && napi_get_element(napi, value, 0, &view) == napi_ok &&
         js_view(napi, view, data, length);
}

/* useUserBuffer(id, source): from now on reads go to the view `source`, or to
 * the one that is in `source` by then, an array of bufferHolder(); it keeps its
 * length. UV_EINVAL if it is no view. */
napi_value uvnet_js_use_user_buffer(napi_env napi, napi_callback_info info) {
  napi_value argv[2];
  napi_value result;
  char *data;
  size_t length;
  bool stays;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 2, argv, &result);

  if (handle == NULL)
    return result;
  stays = js_view(napi, argv[1], &data, &length);
  if (!stays && !held_view(napi, argv[1], &data, &length))
    return js_int(napi, UV_EINVAL);
  uvnet_read_release(handle);
  if (napi_create_reference(napi, argv[1], 1, &handle->user_buffer) != napi_ok)
    return js_throw_last(napi);
  handle->user_buffer_stays = stays;
  handle->user_length = length < UINT32_MAX ? (uint32_t)length : UINT32_MAX;
  return js_int(napi, 0);
}
