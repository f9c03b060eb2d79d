/* The lifetime of a stream handle: open, ref, unref, close, free.
 *
 * A handle's memory belongs to C from uvnet_handle_create() until libuv's close
 * callback, and JavaScript knows it by its id alone; so garbage collection
 * never frees what libuv still uses. */
#ifndef UVNET_HANDLE_H
#define UVNET_HANDLE_H

#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "env.h"
#include "transport.h"
#include "write.h"

union uvnet_request {
  uv_connect_t connect;
  uv_shutdown_t shutdown;
};

struct uvnet_handle {
  union {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  } uv;
  struct uvnet_env *env;
  const struct uvnet_transport *transport;
  uint32_t id;
  /* Why bytes that counted as written could not be sent. They are missing in
   * the stream, so nothing is sent after them. */
  int write_error;
  /* JavaScript does not know of it yet. */
  bool write_error_due;
  bool closing;
  /* libuv is done with it. */
  bool closed;
  bool connecting;
  bool shutting_down;
  /* The shutdown waits for the queued writes. */
  bool shutdown_wanted;
  /* FIN was sent without libuv's help. */
  bool is_shut;
  /* What is read goes to another socket; see relay.h. */
  bool relays;
  /* The last read took all that waited, or may have, and shall be the last one
   * of this poll. */
  bool has_read_enough;
  /* send(2) is not for it: a pipe(7), say. */
  bool is_no_socket;
  /* `user_buffer` is the view itself. */
  bool user_buffer_stays;
  /* Bytes of the outbox wait for the kernel, and whether that is reported. */
  bool outbox_queued;
  bool outbox_queued_reported;
  /* A write of the outbox has ended, with this status, and JavaScript does not
   * know yet. */
  bool outbox_end_due;
  int outbox_end;
  /* Somebody else has its descriptor, or may have: what waits in the queue of a
   * server is not for this process alone. */
  bool is_shared;
  /* It is a server's: libuv takes whatever happens to it for a connection, and
   * ends the process if that is the end of a connect, write or shutdown. And
   * one whose connections have to wait; see server.h. */
  bool is_listening;
  bool is_starved;
  /* An accepted connection that JavaScript has not used yet. */
  bool is_unseen;
  /* Large reads go to the inbox as small ones do. */
  bool uses_inbox;
  /* libuv has called on_read(), and goes on with this poll after it. */
  bool in_read;
  /* Between uv_read_start() and uv_read_stop(). */
  bool reading;
  /* The last read filled what it was given, so libuv reads on. */
  bool reads_on;
  /* Connections of a server that come before the next look for more. */
  uint8_t accept_singles;
  /* Bytes of the last read, to choose where the next one lands; and how many
   * the next one will bring, if that can be told, or 0. */
  uint32_t last_read;
  uint32_t expected_read;
  /* How many did in a row. */
  uint32_t expected_reads;
  /* By how much the reads of this poll exceed what fills core's buffer: if by
   * nothing, core's last read was full. */
  uint32_t remainder;
  /* Bytes of `user_buffer` when it was given. */
  uint32_t user_length;
  /* The request of a connect or shutdown that runs: never both. */
  union uvnet_request *request;
  struct uvnet_write_queue writes;
  /* The view that onread gave, or an array whose first element it is, or NULL:
   * each read becomes a chunk. */
  napi_ref user_buffer;
  uint64_t bytes_read;
  uint64_t bytes_written;
  /* In env->closed, or env->forgotten. */
  struct uvnet_handle *next_closed;
};

/* Makes a handle of `transport` and gives it an id. Stores it in `result` and
 * returns 0, or a negative libuv error. */
int uvnet_handle_create(struct uvnet_env *env,
                        const struct uvnet_transport *transport,
                        struct uvnet_handle **result);

/* Starts closing; UVNET_EVENT_CLOSE follows. Pending requests end with
 * UV_ECANCELED first. A second call does nothing. */
void uvnet_handle_close(struct uvnet_handle *handle);

/* As uvnet_handle_close(), but a TCP connection ends with RST instead of FIN
 * (uv_tcp_close_reset). Returns 0 or a negative libuv error, and then the
 * handle stays open. */
int uvnet_handle_close_reset(struct uvnet_handle *handle);

/* For an environment that winds down: closes the handle, or frees one that
 * libuv is done with. */
void uvnet_handle_abandon(struct uvnet_handle *handle);

/* Resets the connections that were accepted and nobody has seen, as the kernel
 * does with those in the queue of a server that closes. */
void uvnet_handle_reset_unseen(struct uvnet_env *env);

/* Frees a handle that libuv is done with, and its id. */
void uvnet_handle_release(struct uvnet_handle *handle);

/* Reads the running call's arguments; the first is a handle's id. Returns the
 * handle, or NULL with `*result` set to what the native function shall return:
 * UV_EBADF if there is no such handle or it is closing, NULL with a pending
 * exception if the arguments could not be read. */
struct uvnet_handle *uvnet_handle_argument(napi_env napi,
                                           napi_callback_info info,
                                           size_t count, napi_value *argv,
                                           napi_value *result);

/* Native functions for lib/handle.js; see the table in addon.c. */
napi_value uvnet_js_create(napi_env napi, napi_callback_info info);
napi_value uvnet_js_close(napi_env napi, napi_callback_info info);
napi_value uvnet_js_close_reset(napi_env napi, napi_callback_info info);
napi_value uvnet_js_reset_unseen(napi_env napi, napi_callback_info info);
napi_value uvnet_js_ref(napi_env napi, napi_callback_info info);
napi_value uvnet_js_unref(napi_env napi, napi_callback_info info);
napi_value uvnet_js_has_ref(napi_env napi, napi_callback_info info);
napi_value uvnet_js_fd(napi_env napi, napi_callback_info info);
napi_value uvnet_js_handle_bytes(napi_env napi, napi_callback_info info);

#endif
