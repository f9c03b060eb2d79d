#include "read.h"

#include <stdlib.h>
#include <string.h>

#include "env.h"
#include "event.h"
#include "handle.h"
#include "js.h"
#include "large.h"
#include "os.h"
#include "relay.h"

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

/* From this size on a read goes straight into a user's buffer. Smaller ones are
 * cheaper by way of the inbox, many in one dispatch. */
enum { DIRECT_READ = 2048 };

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

/* Memory in the inbox, with onread no more than the user's buffer holds. */
static uv_buf_t inbox_memory(const struct uvnet_handle *handle) {
  size_t room = UVNET_READ_SIZE;

  if (handle->user_buffer != NULL && room > handle->user_length)
    room = handle->user_length;
  return uv_buf_init(uvnet_event_inbox(handle->env), (unsigned int)room);
}

/* Whether a listener runs between a read now and its event. The user's buffer
 * must not hold the bytes meanwhile: it may be another socket's too, or be
 * written to by that listener. */
static bool is_behind_others(const struct uvnet_env *env) {
  return env->dispatching || env->event_count > 0;
}

/* libuv 1.52.0, as uv_version() tells it. */
enum { UV_OF_POLLIN_ALONE = 1 << 16 | 52 << 8 };

/* How much core would ask for with one read. */
static uint32_t cores_buffer(const struct uvnet_handle *handle) {
  return handle->user_buffer != NULL && handle->user_length > 0
             ? handle->user_length
             : UVNET_READ_SIZE;
}

static bool nothing_waits(const struct uvnet_handle *handle) {
  uv_os_fd_t fd;

  return uv_fileno(&handle->uv.handle, &fd) == 0 && uvnet_os_waiting(fd) == 0;
}

/* Whether all was read before the connection came to its end, where that makes
 * a difference. */
static bool has_hung_up(const struct uvnet_handle *handle) {
  uv_os_fd_t fd;

  return uv_version() < UV_OF_POLLIN_ALONE &&
         uv_fileno(&handle->uv.handle, &fd) == 0 && uvnet_os_hung_up(fd) &&
         nothing_waits(handle);
}

/* Libuv is in the middle of a read: no JavaScript may run in here. */
static void on_alloc(uv_handle_t *uv, size_t suggested, uv_buf_t *buffer) {
  struct uvnet_handle *handle = uv->data;
  bool open = !handle->env->closing;
  bool again = handle->reads_on;
  bool nothing = false;
  uint32_t core = cores_buffer(handle);

  (void)suggested;
  handle->reads_on = false;
  *buffer = uv_buf_init(NULL, 0);
  if (UVNET_OS_READS_PEND) {
    own_memory(handle, buffer);
    return;
  }
  if (handle->has_read_enough)
    return;
  if (!again)
    handle->remainder = 0;
  if (handle->relays && open)
    *buffer = uvnet_relay_room(handle->env);
  if (buffer->base != NULL)
    return;
  if (handle->user_buffer == NULL && !handle->uses_inbox && open)
    *buffer = uvnet_large_memory(handle, &nothing);
  else
    nothing = again && handle->remainder != 0 && nothing_waits(handle);
  /* At the first read it would be the end, or an error. */
  handle->has_read_enough = nothing && again;
  if (buffer->base != NULL || handle->has_read_enough)
    return;
  if (handle->user_buffer != NULL && handle->last_read >= DIRECT_READ && open &&
      !is_behind_others(handle->env))
    *buffer = user_memory(handle);
  else
    *buffer = inbox_memory(handle);
  /* Together with the reads before as much as one of core's. */
  if (handle->user_buffer != NULL && buffer->len > core - handle->remainder)
    buffer->len = core - handle->remainder;
}

/* Brings what was read on its own memory to where it belongs, and tells
 * JavaScript. */
static void deliver_copy(struct uvnet_handle *handle, const uv_buf_t *buffer,
                         size_t length) {
  struct uvnet_env *env = handle->env;
  uv_buf_t user;

  uvnet_event_flush(env);
  if (handle->user_buffer == NULL) {
    memcpy(uvnet_event_inbox(env), buffer->base, length);
    uvnet_event_read(env, handle->id, length, true);
    return;
  }
  user = user_memory(handle);
  if (user.base != NULL && user.len >= length)
    memcpy(user.base, buffer->base, length);
  uvnet_event_emit(env, UVNET_EVENT_READ, handle->id,
                   user.len >= length ? (int32_t)length : UV_ENOBUFS, -1);
  uvnet_event_flush(env);
}

/* Queues the event of a read whose chunk is number `index` of the dispatch's,
 * or could not be made. JavaScript may run, and does with `now`. */
static void emit_large(struct uvnet_handle *handle, size_t length,
                       int32_t index, bool now) {
  struct uvnet_env *env = handle->env;

  if (index >= 0)
    uvnet_event_emit(env, UVNET_EVENT_READ_LARGE, handle->id, (int32_t)length,
                     index);
  else
    uvnet_event_emit(env, UVNET_EVENT_READ, handle->id, index, -1);
  if (now || !uvnet_large_has_room(env))
    uvnet_event_flush(env);
}

/* What was read into the inbox. */
static void deliver_inbox(struct uvnet_handle *handle, const uv_buf_t *buffer,
                          size_t length, bool full) {
  struct uvnet_env *env = handle->env;

  if (length < UVNET_LARGE || handle->user_buffer != NULL || handle->uses_inbox)
    uvnet_event_read(env, handle->id, length, full);
  else
    emit_large(handle, length, uvnet_large_copy(env, buffer->base, length),
               full);
}

/* What was read where uvnet_large_memory() said. */
static void deliver_large(struct uvnet_handle *handle, const uv_buf_t *buffer,
                          size_t length) {
  struct uvnet_env *env = handle->env;

  if (length == buffer->len) {
    int32_t index = uvnet_large_take(env);

    handle->has_read_enough = !uvnet_large_reads_on(handle, length);
    emit_large(handle, length, index, !handle->has_read_enough);
  } else if (length >= UVNET_LARGE) {
    emit_large(handle, length, uvnet_large_copy(env, buffer->base, length),
               false);
  } else {
    memcpy(uvnet_event_inbox(env), buffer->base, length);
    uvnet_event_read(env, handle->id, length, false);
  }
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

/* V8 frees many chunks at once, on a thread of its own, and malloc() holds its
 * lock while it returns them to the system. */
static void keep_freed_memory(struct uvnet_env *env) {
  if (!env->keeps_freed_memory)
    uvnet_os_keep_freed_memory();
  env->keeps_freed_memory = true;
}

static void deliver(struct uvnet_handle *handle, const uv_buf_t *buffer,
                    size_t length) {
  struct uvnet_env *env = handle->env;
  /* A full buffer means that libuv reads on at once: JavaScript must be able to
   * stop it, and no handle has two chunks in one batch. */
  bool full = length == buffer->len;

  handle->bytes_read += length;
  env->counters.bytes_read += length;
  uvnet_large_note(handle, length);
  handle->reads_on = full;
  handle->remainder =
      (handle->remainder + (uint32_t)length) % cores_buffer(handle);
  if (length >= DIRECT_READ)
    keep_freed_memory(env);
  if (UVNET_OS_READS_PEND) {
    deliver_copy(handle, buffer, length);
  } else if (uvnet_relay_owns(env, buffer->base)) {
    uvnet_relay_read(handle, length, full);
  } else if (buffer->base == uvnet_event_inbox(env)) {
    deliver_inbox(handle, buffer, length, full);
  } else if (handle->user_buffer == NULL) {
    deliver_large(handle, buffer, length);
  } else {
    deliver_user(handle, length, full);
  }
}

/* libuv takes a hang-up that comes with a read shorter than its buffer for the
 * end, where another read would give ECONNRESET. A read of what waits is as
 * long as its buffer, so libuv does not see that. JavaScript may run. */
static void end_if_hung_up(struct uvnet_handle *handle) {
  if (handle->remainder == 0 || !has_hung_up(handle))
    return;
  uvnet_event_flush(handle->env);
  if (handle->closing || !handle->reading)
    return;
  handle->reading = false;
  (void)uv_read_stop(&handle->uv.stream);
  uvnet_event_emit(handle->env, UVNET_EVENT_READ, handle->id, UV_EOF, -1);
}

static void on_read(uv_stream_t *stream, ssize_t count,
                    const uv_buf_t *buffer) {
  struct uvnet_handle *handle = stream->data;

  if (count == UV_ENOBUFS && handle->has_read_enough) {
    handle->has_read_enough = false;
    if (!handle->env->closing)
      end_if_hung_up(handle);
    return;
  }
  handle->in_read = true;
  if (count > 0 && !handle->env->closing)
    deliver(handle, buffer, (size_t)count);
  handle->in_read = false;
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

/* The next read is the first one of a poll. But what one read has taken here
 * takes core several: if the last of them falls short now, that is the end. */
static void forget_poll(struct uvnet_handle *handle) {
  handle->has_read_enough = handle->remainder != 0 &&
                            handle->last_read > UVNET_READ_SIZE &&
                            has_hung_up(handle);
  if (!handle->has_read_enough)
    handle->remainder = 0;
  handle->reads_on = false;
}

/* readStart(id) */
napi_value uvnet_js_read_start(napi_env napi, napi_callback_info info) {
  napi_value argv[1];
  napi_value result;
  int err;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 1, argv, &result);

  if (handle == NULL)
    return result;
  if (!handle->in_read)
    forget_poll(handle);
  err = uv_read_start(&handle->uv.stream, on_alloc, on_read);
  handle->reading = err == 0;
  return js_int(napi, err);
}

/* readStop(id) */
napi_value uvnet_js_read_stop(napi_env napi, napi_callback_info info) {
  napi_value argv[1];
  napi_value result;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 1, argv, &result);

  if (handle == NULL)
    return result;
  handle->reading = false;
  return js_int(napi, uv_read_stop(&handle->uv.stream));
}

/* useInbox(id, enable): whether all reads of the handle shall lie in the inbox,
 * for who is done with the bytes before the next event comes. */
napi_value uvnet_js_use_inbox(napi_env napi, napi_callback_info info) {
  napi_value argv[2];
  napi_value result;
  bool enable;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 2, argv, &result);

  if (handle == NULL)
    return result;
  if (!js_bool(napi, argv[1], "enable", &enable))
    return NULL;
  handle->uses_inbox = enable;
  return js_int(napi, 0);
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
    uvnet_large_note(handle, (size_t)count);
    handle->remainder = (uint32_t)count % cores_buffer(handle);
    handle->has_read_enough = handle->remainder != 0;
  }
  return js_int(napi, count);
}

/* copy(target, source): copies the bytes of one view to the start of another
 * that is no shorter. V8's own copy out of a SharedArrayBuffer, as the inbox
 * is, goes word by word. How many bytes, or UV_EINVAL. */
napi_value uvnet_js_copy(napi_env napi, napi_callback_info info) {
  napi_value argv[2];
  char *target;
  char *source;
  size_t room;
  size_t length;

  if (!js_arguments(napi, info, 2, argv, NULL))
    return NULL;
  if (!js_view(napi, argv[0], &target, &room) ||
      !js_view(napi, argv[1], &source, &length) || length > room ||
      length > INT32_MAX)
    return js_int(napi, UV_EINVAL);
  if (length > 0)
    memmove(target, source, length);
  return js_int(napi, (int32_t)length);
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
 * length. With null they become chunks. UV_EINVAL if it is none of these. */
napi_value uvnet_js_use_user_buffer(napi_env napi, napi_callback_info info) {
  napi_value argv[2];
  napi_value result;
  char *data;
  size_t length;
  bool stays;
  napi_valuetype type;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 2, argv, &result);

  if (handle == NULL)
    return result;
  if (napi_typeof(napi, argv[1], &type) != napi_ok)
    return js_throw_last(napi);
  if (type == napi_null) {
    handle->remainder = 0;
    uvnet_read_release(handle);
    return js_int(napi, 0);
  }
  stays = js_view(napi, argv[1], &data, &length);
  if (!stays && !held_view(napi, argv[1], &data, &length))
    return js_int(napi, UV_EINVAL);
  uvnet_read_release(handle);
  if (napi_create_reference(napi, argv[1], 1, &handle->user_buffer) != napi_ok)
    return js_throw_last(napi);
  /* It is counted in buffers of one length. */
  if (length != handle->user_length)
    handle->remainder = 0;
  handle->user_buffer_stays = stays;
  handle->user_length = length < UINT32_MAX ? (uint32_t)length : UINT32_MAX;
  return js_int(napi, 0);
}
