#include "handle.h"

#include <stdlib.h>

#include "event.h"
#include "js.h"
#include "os.h"
#include "outbox.h"
#include "read.h"
#include "server.h"

int uvnet_handle_create(struct uvnet_env *env,
                        const struct uvnet_transport *transport,
                        struct uvnet_handle **result) {
  struct uvnet_handle *handle;
  int err = UV_ENOMEM;

  /* A loop that winds down would never see this one closed. */
  if (env->closing)
    return UV_ECANCELED;
  /* Nobody would take its events. */
  if (env->dispatch == NULL)
    return UV_EINVAL;
  handle = calloc(1, sizeof(*handle));
  if (handle == NULL)
    return UV_ENOMEM;
  handle->transport = transport;
  err = uvnet_env_add(env, handle);
  if (err != 0) {
    free(handle);
    return err;
  }
  err = transport->init(env->loop, handle);
  if (err != 0) {
    uvnet_env_remove(env, handle);
    free(handle);
    return err;
  }
  handle->uv.handle.data = handle;
  *result = handle;
  return 0;
}

void uvnet_handle_release(struct uvnet_handle *handle) {
  uvnet_env_remove(handle->env, handle);
  free(handle);
}

static void on_close(uv_handle_t *uv) {
  struct uvnet_handle *handle = uv->data;
  struct uvnet_env *env = handle->env;

  env->closing_handles--;
  uvnet_write_cancel(handle);
  uvnet_read_release(handle);
  free(handle->request);
  handle->request = NULL;
  /* It waited for queued writes, which are gone now. */
  if (handle->shutdown_wanted)
    uvnet_event_emit(env, UVNET_EVENT_SHUTDOWN, handle->id, UV_ECANCELED, 0);
  if (env->closing) {
    uvnet_handle_release(handle);
    return;
  }
  /* The id stays taken until JavaScript has heard of it. */
  handle->closed = true;
  handle->next_closed = env->closed;
  env->closed = handle;
  uvnet_event_emit(env, UVNET_EVENT_CLOSE, handle->id, 0, 0);
  /* All that closed in one turn of the loop are dispatched together, in the
   * phase where they would be one by one. */
  if (env->closing_handles == 0)
    uvnet_event_flush(env);
}

void uvnet_handle_close(struct uvnet_handle *handle) {
  if (handle->closing)
    return;
  uvnet_server_end(handle);
  handle->closing = true;
  handle->env->closing_handles++;
  uv_close(&handle->uv.handle, on_close);
}

void uvnet_handle_abandon(struct uvnet_handle *handle) {
  if (handle->closed)
    uvnet_handle_release(handle);
  else
    uvnet_handle_close(handle);
}

int uvnet_handle_close_reset(struct uvnet_handle *handle) {
  int err;

  if (handle->transport->close_reset == NULL)
    return UV_ENOTSUP;
  err = handle->transport->close_reset(handle, on_close);
  if (err != 0)
    return err;
  uvnet_server_end(handle);
  handle->closing = true;
  handle->env->closing_handles++;
  return 0;
}

void uvnet_handle_reset_unseen(struct uvnet_env *env) {
  uint32_t i;

  for (i = 0; i < env->slot_count; i++) {
    struct uvnet_handle *handle = env->slots[i];

    if (handle != NULL && handle->is_unseen && !handle->closing)
      (void)uvnet_handle_close_reset(handle);
  }
}

struct uvnet_handle *uvnet_handle_argument(napi_env napi,
                                           napi_callback_info info,
                                           size_t count, napi_value *argv,
                                           napi_value *result) {
  struct uvnet_handle *handle;
  void *env = NULL;
  int32_t id = -1;

  *result = NULL;
  if (!js_arguments(napi, info, count, argv, &env) ||
      !js_int32(napi, argv[0], "id", &id))
    return NULL;
  handle = uvnet_env_find(env, id);
  if (handle != NULL && !handle->closing) {
    handle->is_unseen = false;
    return handle;
  }
  *result = js_int(napi, UV_EBADF);
  return NULL;
}

/* create(kind): kind 0 is TCP, 1 a pipe. Returns an id or an error. */
napi_value uvnet_js_create(napi_env napi, napi_callback_info info) {
  struct uvnet_handle *handle = NULL;
  napi_value argv[1];
  void *env = NULL;
  int32_t kind = 0;
  int err;

  if (!js_arguments(napi, info, 1, argv, &env) ||
      !js_int32(napi, argv[0], "kind", &kind))
    return NULL;
  err = uvnet_handle_create(env, kind == 0 ? &uvnet_tcp : &uvnet_pipe, &handle);
  return js_int(napi, err != 0 ? err : (int32_t)handle->id);
}

/* results[0] the bytes read, results[1] the bytes written. */
static void tell_bytes(const struct uvnet_handle *handle) {
  uvnet_outbox_flush(handle->env, NULL);
  handle->env->results[0] = (double)handle->bytes_read;
  handle->env->results[1] = (double)handle->bytes_written;
}

/* handleBytes(id): tells the bytes. Returns 0 or an error. */
napi_value uvnet_js_handle_bytes(napi_env napi, napi_callback_info info) {
  napi_value argv[1];
  napi_value result;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 1, argv, &result);

  if (handle == NULL)
    return result;
  tell_bytes(handle);
  return js_int(napi, 0);
}

/* close(id): tells the bytes. */
napi_value uvnet_js_close(napi_env napi, napi_callback_info info) {
  napi_value argv[1];
  napi_value result;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 1, argv, &result);

  if (handle == NULL)
    return result;
  tell_bytes(handle);
  uvnet_handle_close(handle);
  return js_int(napi, 0);
}

/* closeReset(id): tells the bytes. */
napi_value uvnet_js_close_reset(napi_env napi, napi_callback_info info) {
  napi_value argv[1];
  napi_value result;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 1, argv, &result);

  if (handle == NULL)
    return result;
  tell_bytes(handle);
  return js_int(napi, uvnet_handle_close_reset(handle));
}

/* resetUnseen(): for the end of the process. */
napi_value uvnet_js_reset_unseen(napi_env napi, napi_callback_info info) {
  void *env = NULL;

  if (js_arguments(napi, info, 0, NULL, &env))
    uvnet_handle_reset_unseen(env);
  return NULL;
}

/* ref(id) */
napi_value uvnet_js_ref(napi_env napi, napi_callback_info info) {
  napi_value argv[1];
  napi_value result;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 1, argv, &result);

  if (handle == NULL)
    return result;
  uv_ref(&handle->uv.handle);
  return js_int(napi, 0);
}

/* unref(id) */
napi_value uvnet_js_unref(napi_env napi, napi_callback_info info) {
  napi_value argv[1];
  napi_value result;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 1, argv, &result);

  if (handle == NULL)
    return result;
  uv_unref(&handle->uv.handle);
  return js_int(napi, 0);
}

/* hasRef(id): a boolean, or an error number for a closed handle. */
napi_value uvnet_js_has_ref(napi_env napi, napi_callback_info info) {
  napi_value argv[1];
  napi_value result;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 1, argv, &result);

  if (handle == NULL)
    return result;
  return js_boolean(napi, uv_has_ref(&handle->uv.handle) != 0);
}

/* fd(id): the descriptor, or a negative error. */
napi_value uvnet_js_fd(napi_env napi, napi_callback_info info) {
  napi_value argv[1];
  napi_value result;
  uv_os_fd_t fd;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 1, argv, &result);

  if (handle == NULL)
    return result;
  /* Whoever writes there himself comes after what is written here. */
  uvnet_outbox_flush(handle->env, NULL);
  if (uv_fileno(&handle->uv.handle, &fd) != 0)
    return js_int(napi, -1);
  handle->is_shared = true;
  return js_int(napi, uvnet_os_descriptor(fd));
}
