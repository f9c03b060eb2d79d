#include "server.h"

#include "env.h"
#include "event.h"
#include "handle.h"
#include "js.h"

static void on_connection(uv_stream_t *stream, int status) {
  struct uvnet_handle *server = stream->data;
  struct uvnet_handle *client = NULL;
  int err = status;

  if (server->env->closing)
    return;
  if (err == 0)
    err = uvnet_handle_create(server->env, server->transport, &client);
  if (err == 0) {
    err = uv_accept(stream, &client->uv.stream);
    if (err != 0)
      uvnet_handle_close(client);
  }
  uvnet_event_emit(server->env, UVNET_EVENT_CONNECTION, server->id, err,
                   err == 0 ? (int32_t)client->id : -1);
}

/* listen(id, backlog): 0, and UVNET_EVENT_CONNECTION comes for each connection;
 * or an error. */
napi_value uvnet_js_listen(napi_env napi, napi_callback_info info) {
  napi_value argv[2];
  napi_value result;
  int32_t backlog;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 2, argv, &result);

  if (handle == NULL)
    return result;
  if (!js_int32(napi, argv[1], "backlog", &backlog))
    return NULL;
  return js_int(napi, uv_listen(&handle->uv.stream, backlog, on_connection));
}
