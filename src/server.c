#include "server.h"

#include "env.h"
#include "event.h"
#include "handle.h"
#include "js.h"
#include "os.h"

enum {
  /* Connections that one turn of the loop takes, so that others have their
   * turn. */
  ACCEPT_LIMIT = 32,
  /* After a look into the queue that found nothing, this many connections come
   * before the next look. */
  ACCEPT_SINGLES = 8
};

static void tell(struct uvnet_handle *server, int err,
                 struct uvnet_handle *client) {
  if (err == 0)
    client->is_unseen = true;
  uvnet_event_emit(server->env, UVNET_EVENT_CONNECTION, server->id, err,
                   err == 0 ? (int32_t)client->id : -1);
}

/* Takes one more connection from the queue. False if there is none, or if it
 * is left to libuv, which then reports what is wrong. */
static bool accept_next(struct uvnet_handle *server, uv_os_fd_t listener) {
  struct uvnet_handle *client = NULL;
  int fd = uvnet_os_accept(listener);

  if (fd < 0)
    return false;
  if (uvnet_handle_create(server->env, server->transport, &client) != 0) {
    (void)uvnet_os_close(fd);
    return false;
  }
  if (server->transport->open(client, (uv_os_sock_t)fd) != 0) {
    (void)uvnet_os_close(fd);
    uvnet_handle_close(client);
    return false;
  }
  tell(server, 0, client);
  return true;
}

/* libuv takes one connection in each turn of its loop. Where more wait, all of
 * them share one turn and one dispatch. Not where another process may wait for
 * them too: the first one's listener may close the server, and the others are
 * that process's then. */
static void accept_more(struct uvnet_handle *server) {
  uv_os_fd_t listener;
  int count = 0;

  if (server->is_shared)
    return;
  if (server->accept_singles > 0) {
    server->accept_singles--;
    return;
  }
  if (uv_fileno(&server->uv.handle, &listener) != 0)
    return;
  while (count < ACCEPT_LIMIT && uvnet_event_has_room(server->env) &&
         accept_next(server, listener))
    count++;
  if (count == 0)
    server->accept_singles = ACCEPT_SINGLES;
}

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
  tell(server, err, client);
  if (err == 0 && !server->closing && uvnet_event_has_room(server->env))
    accept_more(server);
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
