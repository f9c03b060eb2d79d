#include "write.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "env.h"
#include "event.h"
#include "handle.h"
#include "js.h"
#include "outbox.h"
#include "send.h"
#include "socket.h"

enum {
  /* Bytes copied to native memory at a time. When they are sent, JavaScript's
   * memory serves again, so they need not be many. */
  STAGE_SIZE = 16 * 1024
};

/* A write that the kernel did not take at once. */
struct uvnet_write {
  struct uvnet_write *next;
  uv_write_t request;
  struct uvnet_handle *handle;
  /* The view whose bytes are still to be read; NULL if `stage` holds all that
   * is left. */
  napi_ref source;
  /* The length of the view when the write was made, and how many of its bytes
   * are staged or sent. */
  size_t length;
  size_t offset;
  char *stage;
  size_t staged;
  /* What is to be freed: `stage` may point into it. */
  char *memory;
  /* libuv has the staged bytes. */
  bool sending;
  enum uvnet_write_report report;
};

static void write_done(uv_write_t *request, int status);

/* Bytes not yet handed to the kernel. */
static size_t unsent(const struct uvnet_write *write) {
  return write->length - write->offset + write->staged;
}

/* Sends straight from JavaScript until the kernel takes no more. 0, also when
 * bytes are left; or an error. */
static int send_now(struct uvnet_write *write, char *data) {
  while (write->offset < write->length) {
    size_t left = write->length - write->offset;
    int sent = uvnet_send_bytes(write->handle, data + write->offset, left);

    if (sent < 0)
      return sent;
    write->handle->writes.pending -= (size_t)sent;
    write->offset += (size_t)sent;
    /* More would have gone only if the length was too large for one call. */
    if ((size_t)sent < left && sent < INT32_MAX)
      return 0;
  }
  return 0;
}

/* Copies up to STAGE_SIZE of what is left to native memory. */
static int fill_stage(struct uvnet_write *write, const char *data) {
  size_t wanted = write->length - write->offset;

  if (wanted > STAGE_SIZE)
    wanted = STAGE_SIZE;
  if (write->memory == NULL)
    write->memory = malloc(wanted);
  if (write->memory == NULL)
    return UV_ENOMEM;
  write->stage = write->memory;
  write->staged = wanted;
  memcpy(write->stage, data + write->offset, wanted);
  write->offset += wanted;
  return 0;
}

/* Hands the staged bytes to libuv. */
static int send_stage(struct uvnet_write *write) {
  uv_buf_t buffer = uv_buf_init(write->stage, (unsigned int)write->staged);
  int err;

  write->request.data = write;
  err = uv_write(&write->request, &write->handle->uv.stream, &buffer, 1,
                 write_done);
  write->sending = err == 0;
  return err;
}

/* Stages the next piece and hands it to libuv. UVNET_WRITE_PENDING or an
 * error. */
static int stage_next(struct uvnet_write *write, const char *data) {
  int err = fill_stage(write, data);

  if (err == 0)
    err = send_stage(write);
  return err != 0 ? err : UVNET_WRITE_PENDING;
}

/* Finds the source of a write. UV_EFAULT if it lost bytes since. Wants a handle
 * scope. */
static int find_source(const struct uvnet_write *write, char **data) {
  napi_env napi = write->handle->env->napi;
  napi_value view = NULL;
  size_t length = 0;

  if (napi_get_reference_value(napi, write->source, &view) != napi_ok ||
      view == NULL || !js_view(napi, view, data, &length) ||
      length < write->length)
    return UV_EFAULT;
  return 0;
}

/* Sends what can be sent now and stages the next piece, from a libuv callback.
 * UVNET_WRITE_DONE, UVNET_WRITE_PENDING, or an error. */
static int proceed(struct uvnet_write *write) {
  napi_env napi = write->handle->env->napi;
  napi_handle_scope scope = NULL;
  char *data = NULL;
  int err;

  if (unsent(write) == 0)
    return UVNET_WRITE_DONE;
  if (write->source == NULL) {
    err = write->staged > 0 ? send_stage(write) : UV_ENOMEM;
    return err != 0 ? err : UVNET_WRITE_PENDING;
  }
  if (napi_open_handle_scope(napi, &scope) != napi_ok)
    return UV_ENOMEM;
  err = find_source(write, &data);
  if (err == 0)
    err = send_now(write, data);
  if (err == 0 && write->offset < write->length)
    err = stage_next(write, data);
  (void)napi_close_handle_scope(napi, scope);
  return err;
}

static void enqueue(struct uvnet_write *write) {
  struct uvnet_write_queue *queue = &write->handle->writes;

  write->next = NULL;
  if (queue->tail == NULL)
    queue->head = write;
  else
    queue->tail->next = write;
  queue->tail = write;
}

static void write_free(struct uvnet_write *write) {
  if (write->source != NULL)
    (void)napi_delete_reference(write->handle->env->napi, write->source);
  free(write->memory);
  free(write);
}

/* Takes the finished head off the queue and tells JavaScript. */
static void finish_head(struct uvnet_handle *handle, int status) {
  struct uvnet_write_queue *queue = &handle->writes;
  struct uvnet_write *write = queue->head;
  enum uvnet_write_report wanted = write->report;

  queue->head = write->next;
  if (queue->head == NULL)
    queue->tail = NULL;
  queue->pending -= unsent(write);
  write_free(write);
  if (status != 0 && handle->write_error == 0)
    handle->write_error = status;
  if (wanted == UVNET_REPORT_END)
    uvnet_event_emit(handle->env, UVNET_EVENT_WRITE, handle->id, status, 0);
  else if (wanted == UVNET_REPORT_FAILURE && status != 0 &&
           status != UV_ECANCELED)
    uvnet_event_emit(handle->env, UVNET_EVENT_WRITE_FAILED, handle->id, status,
                     0);
}

/* Works on the head of the queue until one write has to wait. Without batching
 * JavaScript runs whenever one ends, and may have started the next by the time
 * it returns. */
static void work(struct uvnet_handle *handle) {
  while (handle->writes.head != NULL && !handle->writes.head->sending) {
    int err = handle->closing ? UV_ECANCELED : handle->write_error;

    if (err == 0)
      err = proceed(handle->writes.head);
    if (err == UVNET_WRITE_PENDING)
      return;
    finish_head(handle, err);
  }
  if (handle->writes.head == NULL)
    uvnet_outbox_drained(handle);
  uvnet_shutdown_if_wanted(handle);
}

static void write_done(uv_write_t *request, int status) {
  struct uvnet_write *write = request->data;
  struct uvnet_handle *handle = write->handle;

  write->sending = false;
  if (status != 0) {
    finish_head(handle, status);
    work(handle);
    return;
  }
  handle->env->counters.bytes_written += write->staged;
  handle->writes.pending -= write->staged;
  write->staged = 0;
  work(handle);
}

void uvnet_write_failed(struct uvnet_handle *handle, int err) {
  if (handle->write_error != 0)
    return;
  handle->write_error = err;
  handle->write_error_due = true;
}

void uvnet_write_cancel(struct uvnet_handle *handle) {
  while (handle->writes.head != NULL)
    finish_head(handle, UV_ECANCELED);
}

static struct uvnet_write *write_create(struct uvnet_handle *handle,
                                        enum uvnet_write_report report) {
  struct uvnet_write *write = calloc(1, sizeof(*write));

  if (write == NULL)
    return NULL;
  write->handle = handle;
  write->report = report;
  return write;
}

napi_value uvnet_write_answer(struct uvnet_handle *handle, size_t total,
                              int err) {
  napi_env napi = handle->env->napi;

  /* Whoever writes again before he has dealt with the error must not send what
   * comes behind a gap. Without a connection there is no stream yet. */
  if (err < 0 && handle->write_error == 0 && uv_is_writable(&handle->uv.stream))
    handle->write_error = err;
  /* Core counts what it was given, also if the kernel refused it. */
  handle->bytes_written += total;
  return js_int(napi, err);
}

/* Queues a write whose first bytes libuv has, or that waits for an earlier
 * one. */
static int queue_write(struct uvnet_write *write) {
  write->handle->writes.pending += unsent(write);
  enqueue(write);
  return UVNET_WRITE_PENDING;
}

int uvnet_write_keep_view(struct uvnet_handle *handle, napi_value view,
                          const char *data, size_t length, size_t offset,
                          enum uvnet_write_report report) {
  struct uvnet_write *write = write_create(handle, report);
  int err = 0;

  if (write == NULL)
    return UV_ENOMEM;
  write->length = length;
  write->offset = offset;
  if (handle->writes.head == NULL)
    err = stage_next(write, data);
  if (err < 0) {
    write_free(write);
    return err;
  }
  if (write->offset < length &&
      napi_create_reference(handle->env->napi, view, 1, &write->source) !=
          napi_ok) {
    /* Only when V8 is out of memory; what is staged still goes out. */
    write->source = NULL;
  }
  return queue_write(write);
}

int uvnet_write_keep(struct uvnet_handle *handle, char *memory, char *bytes,
                     size_t length, enum uvnet_write_report report) {
  struct uvnet_write *write = write_create(handle, report);
  int err = 0;

  if (write == NULL) {
    free(memory);
    return UV_ENOMEM;
  }
  write->memory = memory;
  write->stage = bytes;
  write->staged = length;
  if (handle->writes.head == NULL)
    err = send_stage(write);
  if (err < 0) {
    write_free(write);
    return err;
  }
  return queue_write(write);
}

/* write(id, view). Most writes end in the first try, before anything is
 * allocated. */
napi_value uvnet_js_write(napi_env napi, napi_callback_info info) {
  napi_value argv[2];
  napi_value result;
  char *data;
  size_t length;
  int sent = 0;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 2, argv, &result);

  if (handle == NULL)
    return result;
  uvnet_outbox_flush(handle->env, NULL);
  if (!js_view(napi, argv[1], &data, &length))
    return js_throw_type(napi, "chunk must be a view");
  if (handle->writes.head == NULL)
    sent = uvnet_send_bytes(handle, data, length);
  if (sent >= 0 && (size_t)sent < length)
    sent = uvnet_write_keep_view(handle, argv[1], data, length, (size_t)sent,
                                 UVNET_REPORT_END);
  else if (sent > 0)
    sent = UVNET_WRITE_DONE;
  return uvnet_write_answer(handle, length, sent);
}

/* writeQueueSize(id): bytes accepted that the kernel has not taken. */
napi_value uvnet_js_write_queue_size(napi_env napi, napi_callback_info info) {
  napi_value argv[1];
  napi_value result;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 1, argv, &result);

  if (handle == NULL)
    return result;
  uvnet_outbox_flush(handle->env, NULL);
  return js_number(napi, (double)handle->writes.pending);
}

/* Copies to `out` what the kernel has not taken of a write, and moves `out`
 * behind it. 0 or UV_EFAULT. */
static int copy_unsent(const struct uvnet_write *write, char **out) {
  const struct uvnet_handle *handle = write->handle;
  char *data = NULL;
  /* libuv has one write at a time, so its queue is the rest of that. */
  size_t rest = write->sending
                    ? uv_stream_get_write_queue_size(&handle->uv.stream)
                    : write->staged;
  size_t left = write->length - write->offset;

  assert(rest <= write->staged);
  if (rest > 0)
    memcpy(*out, write->stage + (write->staged - rest), rest);
  *out += rest;
  if (left == 0)
    return 0;
  if (write->source == NULL || find_source(write, &data) != 0)
    return UV_EFAULT;
  memcpy(*out, data + write->offset, left);
  *out += left;
  return 0;
}

/* unsent(id): a copy of what was accepted and the kernel has not taken, with
 * results[0] its length (the Buffer may be longer); undefined if there is none,
 * or a negative error. Nothing is taken away. */
napi_value uvnet_js_unsent(napi_env napi, napi_callback_info info) {
  napi_value argv[1];
  napi_value result;
  const struct uvnet_write *write;
  char *memory = NULL;
  char *end;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 1, argv, &result);

  if (handle == NULL)
    return result;
  uvnet_outbox_flush(handle->env, NULL);
  if (handle->writes.head == NULL)
    return NULL;
  if (napi_create_buffer(napi, handle->writes.pending, (void **)&memory,
                         &result) != napi_ok)
    return js_throw_last(napi);
  end = memory;
  for (write = handle->writes.head; write != NULL; write = write->next) {
    int err = copy_unsent(write, &end);

    if (err != 0)
      return js_int(napi, err);
  }
  handle->env->results[0] = (double)(end - memory);
  return result;
}
