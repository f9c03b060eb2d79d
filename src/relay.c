#include "relay.h"

#include <stdint.h>
#include <stdlib.h>

#include "event.h"
#include "handle.h"
#include "js.h"
#include "outbox.h"
#include "send.h"

/* A read is offered this much at least. */
enum { RELAY_ROOM = 64 * 1024 };

static bool has_room(const struct uvnet_env *env) {
  return env->relay_used + RELAY_ROOM <= UVNET_RELAY_SIZE;
}

uv_buf_t uvnet_relay_room(struct uvnet_env *env) {
  if (env->relay == NULL || !has_room(env))
    return uv_buf_init(NULL, 0);
  return uv_buf_init(env->relay + env->relay_used,
                     (unsigned int)(UVNET_RELAY_SIZE - env->relay_used));
}

bool uvnet_relay_owns(const struct uvnet_env *env, const char *base) {
  return env->relay != NULL && base == env->relay + env->relay_used;
}

void uvnet_relay_read(struct uvnet_handle *handle, size_t length, bool now) {
  struct uvnet_env *env = handle->env;
  int32_t offset = (int32_t)env->relay_used;

  env->relay_used = uvnet_env_align(env->relay, env->relay_used + length);
  uvnet_event_emit(env, UVNET_EVENT_READ_RELAY, handle->id, (int32_t)length,
                   offset);
  if (now || !has_room(env))
    uvnet_event_flush(env);
}

/* Whether that is a part of the memory. */
static bool is_part(const struct uvnet_env *env, int32_t offset,
                    int32_t length) {
  return env->relay != NULL && offset >= 0 && length >= 0 &&
         offset <= UVNET_RELAY_SIZE && length <= UVNET_RELAY_SIZE - offset;
}

/* relayed(offset, length): a Buffer with a copy of what was read, or an error
 * number. */
napi_value uvnet_js_relayed(napi_env napi, napi_callback_info info) {
  napi_value argv[2];
  napi_value result = NULL;
  int32_t offset;
  int32_t length;
  void *data = NULL;
  const struct uvnet_env *env;

  if (!js_arguments(napi, info, 2, argv, &data) ||
      !js_int32(napi, argv[0], "offset", &offset) ||
      !js_int32(napi, argv[1], "length", &length))
    return NULL;
  env = data;
  if (!is_part(env, offset, length))
    return js_int(napi, UV_EINVAL);
  if (napi_create_buffer_copy(napi, (size_t)length, env->relay + offset, NULL,
                              &result) != napi_ok)
    return js_throw_last(napi);
  return result;
}

static bool get_memory(struct uvnet_env *env) {
  if (env->relay != NULL)
    return true;
  env->relay = malloc(UVNET_RELAY_SIZE);
  env->relay_used = uvnet_env_align(env->relay, 0);
  return env->relay != NULL;
}

/* useRelay(id, enable): whether the next reads of the handle relay. 0 or an
 * error. */
napi_value uvnet_js_use_relay(napi_env napi, napi_callback_info info) {
  napi_value argv[2];
  napi_value result;
  bool enable;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 2, argv, &result);

  if (handle == NULL)
    return result;
  if (!js_bool(napi, argv[1], "enable", &enable))
    return NULL;
  if (enable && !get_memory(handle->env))
    return js_int(napi, UV_ENOMEM);
  handle->relays = enable;
  return js_int(napi, 0);
}

/* relay(id, offset, length): writes what was read to the handle `id`. Bytes
 * that the kernel took, 0 if it takes none now, or a negative error. */
napi_value uvnet_js_relay(napi_env napi, napi_callback_info info) {
  napi_value argv[3];
  napi_value result;
  int32_t offset;
  int32_t length;
  int sent;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 3, argv, &result);

  if (handle == NULL)
    return result;
  if (!js_int32(napi, argv[1], "offset", &offset) ||
      !js_int32(napi, argv[2], "length", &length))
    return NULL;
  if (!is_part(handle->env, offset, length))
    return js_int(napi, UV_EINVAL);
  uvnet_outbox_flush(handle->env, NULL);
  if (handle->writes.head != NULL)
    return js_int(napi, 0);
  sent = uvnet_send_bytes(handle, handle->env->relay + offset, (size_t)length);
  if (sent > 0) {
    handle->bytes_written += (uint64_t)sent;
    handle->env->counters.bytes_relayed += (uint64_t)sent;
  }
  return js_int(napi, sent);
}
