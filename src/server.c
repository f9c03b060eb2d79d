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
  ACCEPT_SINGLES = 8,
  /* Turns of the loop without a connection, before the next look for what libuv
   * does not say. One that turns for nothing makes so many in a millisecond. */
  LOOK_POLLS = 256,
  /* How often a starved server is tried again. */
  RETRY_MS = 100
};

static void tell_listener(struct uvnet_handle *server, int err,
                          struct uvnet_handle *client) {
  if (err == 0)
    client->is_unseen = true;
  uvnet_event_emit(server->env, UVNET_EVENT_CONNECTION, server->id, err,
                   err == 0 ? (int32_t)client->id : -1);
}

/* Takes one more connection from the queue. 0, or a negative error, of which
 * JavaScript hears if a connection was lost by it. */
static int accept_next(struct uvnet_handle *server, uv_os_fd_t listener) {
  struct uvnet_handle *client = NULL;
  int fd = uvnet_os_accept(listener);
  int err;

  if (fd < 0)
    return fd;
  err = uvnet_handle_create(server->env, server->transport, &client);
  if (err == 0) {
    err = server->transport->open(client, (uv_os_sock_t)fd);
    if (err != 0)
      uvnet_handle_close(client);
  }
  if (err != 0)
    (void)uvnet_os_close(fd);
  tell_listener(server, err, client);
  return err;
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
         accept_next(server, listener) == 0)
    count++;
  if (count == 0)
    server->accept_singles = ACCEPT_SINGLES;
}

static void on_connection(uv_stream_t *stream, int status) {
  struct uvnet_handle *server = stream->data;
  struct uvnet_handle *client = NULL;
  int err = status;

  server->env->polls = 0;
  if (server->env->closing)
    return;
  if (err == 0) {
    err = uvnet_handle_create(server->env, server->transport, &client);
    if (err != 0)
      uvnet_os_drop_accepted(stream);
  }
  if (err == 0) {
    err = uv_accept(stream, &client->uv.stream);
    if (err != 0)
      uvnet_handle_close(client);
  }
  tell_listener(server, err, client);
  if (err == 0 && !server->closing && uvnet_event_has_room(server->env))
    accept_more(server);
}

/* Whether more of something has to be had before a connection can be. */
static bool is_shortage(int err) {
  return err == UV_EMFILE || err == UV_ENFILE || err == UV_ENOBUFS ||
         err == UV_ENOMEM;
}

static void feed(struct uvnet_handle *server) {
  if (!server->is_starved)
    return;
  server->is_starved = false;
  server->env->starved_count--;
}

/* Takes the connection that libuv could not take, if there is one. */
static void try_again(struct uvnet_handle *server) {
  struct uvnet_env *env = server->env;
  uv_os_fd_t listener;
  bool starves;
  int err;

  if (uv_fileno(&server->uv.handle, &listener) != 0)
    return;
  err = accept_next(server, listener);
  starves = is_shortage(err);
  /* JavaScript may have closed it. */
  if (server->closing || starves == server->is_starved ||
      uvnet_os_watch(env->loop, listener, !starves) != 0)
    return;
  if (!starves) {
    feed(server);
    return;
  }
  server->is_starved = true;
  env->starved_count++;
  uvnet_event_emit(env, UVNET_EVENT_STARVED, server->id, err, 0);
}

/* Looks at all servers, or at those that are starved. JavaScript may close some
 * meanwhile, and open others. */
static void try_all(struct uvnet_env *env, bool starved) {
  uint32_t i;

  for (i = 0; i < env->slot_count && !env->closing; i++)
    if (env->slots[i] != NULL && env->slots[i]->is_listening &&
        env->slots[i]->is_starved == starved)
      try_again(env->slots[i]);
}

static void on_retry(uv_timer_t *timer) {
  struct uvnet_env *env = timer->data;

  try_all(env, true);
  if (env->starved_count == 0)
    (void)uv_timer_stop(timer);
}

void uvnet_server_look(struct uvnet_env *env) {
  if (env->server_count == 0 || ++env->polls < LOOK_POLLS || env->closing)
    return;
  env->polls = 0;
  try_all(env, false);
  if (env->starved_count > 0 && !env->closing &&
      !uv_is_active((uv_handle_t *)&env->accept_timer))
    (void)uv_timer_start(&env->accept_timer, on_retry, RETRY_MS, RETRY_MS);
}

void uvnet_server_end(struct uvnet_handle *handle) {
  if (!handle->is_listening)
    return;
  handle->is_listening = false;
  handle->env->server_count--;
  feed(handle);
}

/* listen(id, backlog): 0, and UVNET_EVENT_CONNECTION comes for each connection;
 * or an error. */
napi_value uvnet_js_listen(napi_env napi, napi_callback_info info) {
  napi_value argv[2];
  napi_value result;
  int32_t backlog;
  int err;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 2, argv, &result);

  if (handle == NULL)
    return result;
  if (!js_int32(napi, argv[1], "backlog", &backlog))
    return NULL;
  if (handle->connecting || handle->shutting_down ||
      handle->writes.head != NULL)
    return js_int(napi, UV_EINVAL);
  err = uv_listen(&handle->uv.stream, backlog, on_connection);
  if (err == 0 && !handle->is_listening) {
    handle->is_listening = true;
    handle->env->server_count++;
  }
  return js_int(napi, err);
}
