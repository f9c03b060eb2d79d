#include "socket.h"

#include <stdbool.h>
#include <stdlib.h>

#include "env.h"
#include "event.h"
#include "handle.h"
#include "js.h"
#include "os.h"
#include "outbox.h"

/* Longer than any sockaddr_un's path and any address text. A longer name is cut
 * as libuv would cut it. */
enum { NAME_SIZE = 1024 };

/* open(id, fd): takes over a descriptor. */
napi_value uvnet_js_open(napi_env napi, napi_callback_info info) {
  napi_value argv[2];
  napi_value result;
  int32_t fd;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 2, argv, &result);

  if (handle == NULL)
    return result;
  if (!js_int32(napi, argv[1], "fd", &fd))
    return NULL;
  handle->is_shared = true;
  return js_int(napi, handle->transport->open(handle, (uv_os_sock_t)fd));
}

/* Reads (id, name, port, flags). */
static struct uvnet_handle *
endpoint_argument(napi_env napi, napi_callback_info info, char *text,
                  struct uvnet_endpoint *endpoint, napi_value *result) {
  napi_value argv[4];
  int32_t port = 0;
  int32_t flags = 0;
  size_t length = 0;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 4, argv, result);

  if (handle == NULL)
    return NULL;
  if (!js_utf8(napi, argv[1], "name", text, NAME_SIZE, &length) ||
      !js_int32(napi, argv[2], "port", &port) ||
      !js_int32(napi, argv[3], "flags", &flags))
    return NULL;
  endpoint->name = text;
  endpoint->length = length < NAME_SIZE ? length : NAME_SIZE - 1;
  endpoint->port = port;
  endpoint->flags = (unsigned int)flags;
  return handle;
}

/* bind(id, name, port, flags) */
napi_value uvnet_js_bind(napi_env napi, napi_callback_info info) {
  struct uvnet_endpoint to;
  char text[NAME_SIZE];
  napi_value result;
  struct uvnet_handle *handle =
      endpoint_argument(napi, info, text, &to, &result);

  if (handle == NULL)
    return result;
  return js_int(napi, handle->transport->bind(handle, &to));
}

/* Ends the request that runs. */
static void request_done(struct uvnet_handle *handle) {
  free(handle->request);
  handle->request = NULL;
  handle->connecting = false;
  handle->shutting_down = false;
}

static int request_create(struct uvnet_handle *handle) {
  handle->request = malloc(sizeof(*handle->request));
  return handle->request == NULL ? UV_ENOMEM : 0;
}

static void on_connect(uv_connect_t *request, int status) {
  struct uvnet_handle *handle = request->data;

  request_done(handle);
  uvnet_event_emit(handle->env, UVNET_EVENT_CONNECT, handle->id, status, 0);
}

/* connect(id, name, port, flags): 0, and UVNET_EVENT_CONNECT follows; or an
 * error, and it does not. */
napi_value uvnet_js_connect(napi_env napi, napi_callback_info info) {
  struct uvnet_endpoint to;
  char text[NAME_SIZE];
  napi_value result;
  int err;
  struct uvnet_handle *handle =
      endpoint_argument(napi, info, text, &to, &result);

  if (handle == NULL)
    return result;
  if (handle->connecting || handle->shutting_down)
    return js_int(napi, UV_EALREADY);
  if (handle->is_listening)
    return js_int(napi, UV_EINVAL);
  err = request_create(handle);
  if (err != 0)
    return js_int(napi, err);
  handle->request->connect.data = handle;
  err = handle->transport->connect(&handle->request->connect, handle, &to,
                                   on_connect);
  if (err == 0)
    handle->connecting = true;
  else
    request_done(handle);
  return js_int(napi, err);
}

static void on_shutdown(uv_shutdown_t *request, int status) {
  struct uvnet_handle *handle = request->data;

  request_done(handle);
  uvnet_event_emit(handle->env, UVNET_EVENT_SHUTDOWN, handle->id, status, 0);
}

static int start_shutdown(struct uvnet_handle *handle) {
  int err = request_create(handle);

  if (err != 0)
    return err;
  handle->request->shutdown.data = handle;
  err =
      uv_shutdown(&handle->request->shutdown, &handle->uv.stream, on_shutdown);
  if (err == 0)
    handle->shutting_down = true;
  else
    request_done(handle);
  return err;
}

/* libuv's shutdown costs an allocation and two changes to what epoll watches.
 * With nothing to wait for, FIN goes out here and now, and the event comes
 * after the dispatch. False if it must be libuv's. */
static bool shut_now(struct uvnet_handle *handle) {
  uv_os_fd_t fd;
  int status;

  if (!handle->env->dispatching || !uvnet_event_has_room(handle->env) ||
      !uv_is_writable(&handle->uv.stream) ||
      uv_fileno(&handle->uv.handle, &fd) != 0)
    return false;
  status = uvnet_os_shutdown(fd);
  if (status == UV_ENOTSUP)
    return false;
  handle->is_shut = true;
  return uvnet_event_emit_nested(handle->env, UVNET_EVENT_SHUTDOWN, handle->id,
                                 status);
}

void uvnet_shutdown_if_wanted(struct uvnet_handle *handle) {
  int err;

  if (!handle->shutdown_wanted || handle->closing ||
      handle->writes.head != NULL)
    return;
  handle->shutdown_wanted = false;
  handle->shutting_down = false;
  err = start_shutdown(handle);
  if (err != 0)
    uvnet_event_emit(handle->env, UVNET_EVENT_SHUTDOWN, handle->id, err, 0);
}

/* shutdown(id): 0, and UVNET_EVENT_SHUTDOWN follows once queued bytes are out;
 * or an error. What the handle has in the outbox shares a segment with FIN; if
 * that cannot be sent, results[0] is 1 and the error is the write's. */
napi_value uvnet_js_shutdown(napi_env napi, napi_callback_info info) {
  napi_value argv[1];
  napi_value result;
  int err = 0;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 1, argv, &result);

  if (handle == NULL)
    return result;
  if (handle->connecting || handle->shutting_down)
    return js_int(napi, UV_EBUSY);
  if (handle->is_shut || handle->is_listening)
    return js_int(napi, UV_ENOTCONN);
  handle->env->results[0] = 0;
  uvnet_outbox_flush(handle->env, handle);
  if (handle->write_error_due) {
    handle->write_error_due = false;
    handle->env->results[0] = 1;
    return js_int(napi, handle->write_error);
  }
  /* libuv knows nothing of a write that still waits in stages. */
  if (handle->writes.head != NULL) {
    handle->shutdown_wanted = true;
    handle->shutting_down = true;
  } else if (!shut_now(handle)) {
    err = start_shutdown(handle);
  }
  return js_int(napi, err);
}

/* name(id, peer): the local or the peer's address as text, with results[0] its
 * port and results[1] its family; or an error number. */
napi_value uvnet_js_name(napi_env napi, napi_callback_info info) {
  struct uvnet_name name;
  napi_value argv[2];
  napi_value result;
  bool peer;
  int err = UV_ENOTSUP;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 2, argv, &result);

  if (handle == NULL)
    return result;
  if (!js_bool(napi, argv[1], "peer", &peer))
    return NULL;
  if (peer && handle->transport->peer_name != NULL)
    err = handle->transport->peer_name(handle, &name);
  if (!peer && handle->transport->local_name != NULL)
    err = handle->transport->local_name(handle, &name);
  if (err != 0)
    return js_int(napi, err);
  handle->env->results[0] = name.port;
  handle->env->results[1] = name.family;
  if (napi_create_string_utf8(napi, name.text, NAPI_AUTO_LENGTH, &result) !=
      napi_ok)
    return js_throw_last(napi);
  return result;
}

/* setNoDelay(id, enable) */
napi_value uvnet_js_set_no_delay(napi_env napi, napi_callback_info info) {
  napi_value argv[2];
  napi_value result;
  bool enable;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 2, argv, &result);

  if (handle == NULL)
    return result;
  if (!js_bool(napi, argv[1], "enable", &enable))
    return NULL;
  if (handle->transport->no_delay == NULL)
    return js_int(napi, UV_ENOTSUP);
  return js_int(napi, handle->transport->no_delay(handle, enable));
}

/* setKeepAlive(id, enable, delay): `delay` in seconds. */
napi_value uvnet_js_set_keep_alive(napi_env napi, napi_callback_info info) {
  napi_value argv[3];
  napi_value result;
  bool enable;
  int32_t delay;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 3, argv, &result);

  if (handle == NULL)
    return result;
  if (!js_bool(napi, argv[1], "enable", &enable) ||
      !js_int32(napi, argv[2], "delay", &delay))
    return NULL;
  if (handle->transport->keep_alive == NULL)
    return js_int(napi, UV_ENOTSUP);
  return js_int(
      napi, handle->transport->keep_alive(handle, enable, (unsigned int)delay));
}

/* setBlocking(id, enable) */
napi_value uvnet_js_set_blocking(napi_env napi, napi_callback_info info) {
  napi_value argv[2];
  napi_value result;
  bool enable;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 2, argv, &result);

  if (handle == NULL)
    return result;
  if (!js_bool(napi, argv[1], "enable", &enable))
    return NULL;
  return js_int(napi, uv_stream_set_blocking(&handle->uv.stream, enable));
}

/* chmod(id, mode): who may connect to a bound pipe. */
napi_value uvnet_js_chmod(napi_env napi, napi_callback_info info) {
  napi_value argv[2];
  napi_value result;
  int32_t mode;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 2, argv, &result);

  if (handle == NULL)
    return result;
  if (!js_int32(napi, argv[1], "mode", &mode))
    return NULL;
  if (handle->transport->chmod == NULL)
    return js_int(napi, UV_ENOTSUP);
  return js_int(napi, handle->transport->chmod(handle, mode));
}
