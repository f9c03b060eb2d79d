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
  STAGE_SIZE = 16 * 1024,
  /* Buffers that one system call may gather; POSIX grants at least 16. */
  GATHER_LIMIT = 64
};

/* A write that the kernel did not take at once. */
struct uvnet_write {
  struct uvnet_write *next;
  uv_write_t request;
  struct uvnet_handle *handle;
  /* The view, or an array of ours with the views, whose bytes are still to be
   * read; NULL if `stage` holds all that is left. */
  napi_ref source;
  bool source_is_array;
  char *stage;
  size_t staged;
  /* What is to be freed: `stage` may point into it. */
  char *memory;
  /* libuv has the staged bytes. */
  bool sending;
  /* JavaScript waits for no event, unless the write fails. */
  bool silent;
  /* Bytes not yet staged or sent. */
  size_t left;
  /* Where the next byte is: a view and an offset into it. */
  uint32_t index;
  size_t offset;
  uint32_t count;
  /* The length of each view when the write was made. */
  size_t lengths[];
};

static void write_done(uv_write_t *request, int status);

/* Finds view number `index`. UV_EFAULT if it lost bytes since. No JavaScript
 * runs: an array of a user's might have getters, but this one is ours. */
static int view_at(napi_env napi, napi_value source,
                   const struct uvnet_write *write, uint32_t index,
                   char **data) {
  napi_value view = source;
  size_t length = 0;

  if (write->source_is_array &&
      napi_get_element(napi, source, index, &view) != napi_ok)
    return UV_EFAULT;
  if (!js_view(napi, view, data, &length) || length < write->lengths[index])
    return UV_EFAULT;
  return 0;
}

/* Gathers what is left into at most `limit` buffers that point into JavaScript;
 * `count` receives how many. */
static int gather(const struct uvnet_write *write, napi_value source,
                  uv_buf_t *buffers, uint32_t limit, uint32_t *count) {
  size_t offset = write->offset;
  uint32_t index;

  *count = 0;
  for (index = write->index; index < write->count && *count < limit; index++) {
    char *data = NULL;
    int err = view_at(write->handle->env->napi, source, write, index, &data);

    if (err != 0)
      return err;
    if (write->lengths[index] > offset) {
      size_t length = write->lengths[index] - offset;

      /* uv_buf_t's length is 32 bits on Windows. */
      if (length > INT32_MAX)
        length = INT32_MAX;
      buffers[*count] = uv_buf_init(data + offset, (unsigned int)length);
      (*count)++;
    }
    offset = 0;
  }
  return 0;
}

static void advance(struct uvnet_write *write, size_t bytes) {
  write->left -= bytes;
  while (write->index < write->count &&
         bytes >= write->lengths[write->index] - write->offset) {
    bytes -= write->lengths[write->index] - write->offset;
    write->offset = 0;
    write->index++;
  }
  write->offset += bytes;
}

/* Sends straight from JavaScript until the kernel takes no more. 0, also when
 * bytes are left; or an error. */
static int send_now(struct uvnet_write *write, napi_value source) {
  uv_buf_t buffers[GATHER_LIMIT];
  struct uvnet_handle *handle = write->handle;

  while (write->left > 0) {
    size_t total = 0;
    uint32_t count;
    uint32_t i;
    int sent = gather(write, source, buffers, GATHER_LIMIT, &count);

    if (sent != 0)
      return sent;
    for (i = 0; i < count; i++)
      total += buffers[i].len;
    sent = uvnet_send(handle, buffers, count, false);
    if (sent == UV_EAGAIN)
      return 0;
    if (sent < 0)
      return sent;
    handle->writes.pending -= (size_t)sent;
    advance(write, (size_t)sent);
    if ((size_t)sent < total)
      return 0;
  }
  return 0;
}

/* Copies up to STAGE_SIZE of what is left to native memory. */
static int fill_stage(struct uvnet_write *write, napi_value source) {
  size_t wanted = STAGE_SIZE;

  if (wanted > write->left)
    wanted = write->left;
  if (write->memory == NULL)
    write->memory = malloc(wanted);
  write->stage = write->memory;
  if (write->memory == NULL)
    return UV_ENOMEM;
  write->staged = 0;
  while (write->staged < wanted) {
    uv_buf_t buffer;
    uint32_t count;
    size_t bytes = wanted - write->staged;
    int err = gather(write, source, &buffer, 1, &count);

    if (err != 0)
      return err;
    /* Bytes left lie in some view. */
    assert(count == 1);
    if (bytes > buffer.len)
      bytes = buffer.len;
    memcpy(write->stage + write->staged, buffer.base, bytes);
    write->staged += bytes;
    advance(write, bytes);
  }
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

/* Sends what can be sent now and stages the next piece. UVNET_WRITE_DONE,
 * UVNET_WRITE_PENDING, or an error. */
static int proceed(struct uvnet_write *write, napi_value source) {
  int err = send_now(write, source);

  if (err != 0)
    return err;
  if (write->left == 0)
    return UVNET_WRITE_DONE;
  err = fill_stage(write, source);
  if (err == 0)
    err = send_stage(write);
  return err != 0 ? err : UVNET_WRITE_PENDING;
}

/* As proceed(), from a libuv callback, with the source out of its reference. */
static int proceed_from_reference(struct uvnet_write *write) {
  napi_env napi = write->handle->env->napi;
  napi_handle_scope scope = NULL;
  napi_value source = NULL;
  int err = UV_EFAULT;

  if (write->left == 0 && write->staged == 0)
    return UVNET_WRITE_DONE;
  if (write->source == NULL) {
    err = write->staged > 0 ? send_stage(write) : UV_ENOMEM;
    return err != 0 ? err : UVNET_WRITE_PENDING;
  }
  if (napi_open_handle_scope(napi, &scope) != napi_ok)
    return UV_ENOMEM;
  if (napi_get_reference_value(napi, write->source, &source) == napi_ok)
    err = proceed(write, source);
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
  bool silent = write->silent;

  queue->head = write->next;
  if (queue->head == NULL)
    queue->tail = NULL;
  queue->pending -= write->left + write->staged;
  write_free(write);
  if (status != 0 && handle->write_error == 0)
    handle->write_error = status;
  if (!silent)
    uvnet_event_emit(handle->env, UVNET_EVENT_WRITE, handle->id, status, 0);
  else if (status != 0 && status != UV_ECANCELED)
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
      err = proceed_from_reference(handle->writes.head);
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
                                        uint32_t count) {
  struct uvnet_write *write =
      calloc(1, sizeof(*write) + count * sizeof(write->lengths[0]));

  if (write == NULL)
    return NULL;
  write->handle = handle;
  write->count = count;
  return write;
}

/* Starts a write whose lengths are known, and queues it if it has to wait.
 * Frees it otherwise. */
static int start(struct uvnet_write *write, napi_value source) {
  struct uvnet_handle *handle = write->handle;
  napi_env napi = handle->env->napi;
  int err;

  handle->writes.pending += write->left;
  /* An earlier write that waits goes first. */
  err = handle->writes.head == NULL ? proceed(write, source)
                                    : UVNET_WRITE_PENDING;
  if (err == UVNET_WRITE_PENDING) {
    if (write->left > 0 &&
        napi_create_reference(napi, source, 1, &write->source) != napi_ok) {
      /* Only when V8 is out of memory; what is staged still goes out. */
      write->source = NULL;
    }
    enqueue(write);
    return UVNET_WRITE_PENDING;
  }
  handle->writes.pending -= write->left + write->staged;
  write_free(write);
  return err;
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

/* write(id, view). Most writes end in the first try, before anything is
 * allocated. */
napi_value uvnet_js_write(napi_env napi, napi_callback_info info) {
  napi_value argv[2];
  napi_value result;
  char *data;
  size_t length;
  struct uvnet_write *write;
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
  if (sent < 0)
    return uvnet_write_answer(handle, length, sent);
  if ((size_t)sent == length)
    return uvnet_write_answer(handle, length, UVNET_WRITE_DONE);
  write = write_create(handle, 1);
  if (write == NULL)
    return uvnet_write_answer(handle, length, UV_ENOMEM);
  write->lengths[0] = length;
  write->left = length - (size_t)sent;
  write->offset = (size_t)sent;
  return uvnet_write_answer(handle, length, start(write, argv[1]));
}

/* Copies `count` elements of a user's array, which may have getters, to an
 * array of ours. Elements are defined, not set, or setters of Array.prototype
 * would run. NULL with a pending exception on failure. */
static napi_value own_array(napi_env napi, napi_value array, uint32_t count) {
  napi_value own = NULL;
  uint32_t i;

  if (napi_create_array(napi, &own) != napi_ok)
    return js_throw_last(napi);
  for (i = 0; i < count; i++) {
    napi_property_descriptor element = {0};
    char name[16];
    char *data;
    size_t length;

    (void)snprintf(name, sizeof(name), "%u", (unsigned int)i);
    element.utf8name = name;
    element.attributes = napi_default_jsproperty;
    if (napi_get_element(napi, array, i, &element.value) != napi_ok ||
        !js_view(napi, element.value, &data, &length))
      return js_throw_type(napi, "chunks must be views");
    if (napi_define_properties(napi, own, 1, &element) != napi_ok)
      return js_throw_last(napi);
  }
  return own;
}

/* A write of the views in an array of ours. NULL without memory. */
static struct uvnet_write *write_of_array(struct uvnet_handle *handle,
                                          napi_value array, uint32_t count) {
  struct uvnet_write *write = write_create(handle, count);
  napi_env napi = handle->env->napi;
  uint32_t i;

  if (write == NULL)
    return NULL;
  write->source_is_array = true;
  for (i = 0; i < count; i++) {
    napi_value view;
    char *data;

    if (napi_get_element(napi, array, i, &view) != napi_ok ||
        !js_view(napi, view, &data, &write->lengths[i])) {
      write_free(write);
      return NULL;
    }
    write->left += write->lengths[i];
  }
  return write;
}

/* writev(id, array, count): `array` holds `count` views. All that is a user's
 * to run has run before the handle is looked for: it may close it. */
napi_value uvnet_js_writev(napi_env napi, napi_callback_info info) {
  napi_value argv[3];
  napi_value result;
  napi_value array;
  int32_t count = 0;
  size_t total;
  struct uvnet_write *write;
  struct uvnet_handle *handle;

  if (!js_arguments(napi, info, 3, argv, NULL) ||
      !js_int32(napi, argv[2], "count", &count))
    return NULL;
  if (count < 0)
    return js_int(napi, UV_EINVAL);
  array = own_array(napi, argv[1], (uint32_t)count);
  if (array == NULL)
    return NULL;
  handle = uvnet_handle_argument(napi, info, 3, argv, &result);
  if (handle == NULL)
    return result;
  uvnet_outbox_flush(handle->env, NULL);
  write = write_of_array(handle, array, (uint32_t)count);
  if (write == NULL)
    return uvnet_write_answer(handle, 0, UV_ENOMEM);
  total = write->left;
  return uvnet_write_answer(handle, total, start(write, array));
}

int uvnet_write_keep(struct uvnet_handle *handle, char *memory, char *bytes,
                     size_t length, bool silent) {
  struct uvnet_write *write = write_create(handle, 0);
  int err;

  if (write == NULL) {
    free(memory);
    return UV_ENOMEM;
  }
  write->memory = memory;
  write->stage = bytes;
  write->staged = length;
  write->silent = silent;
  /* An earlier write that waits goes first. */
  err = handle->writes.head == NULL ? send_stage(write) : 0;
  if (err != 0) {
    write_free(write);
    return err;
  }
  handle->writes.pending += length;
  enqueue(write);
  return UVNET_WRITE_PENDING;
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
  napi_env napi = handle->env->napi;
  napi_value source = NULL;
  size_t offset = write->offset;
  uint32_t index;
  /* libuv has one write at a time, so its queue is the rest of that. */
  size_t rest = write->sending
                    ? uv_stream_get_write_queue_size(&handle->uv.stream)
                    : write->staged;

  assert(rest <= write->staged);
  if (rest > 0)
    memcpy(*out, write->stage + (write->staged - rest), rest);
  *out += rest;
  if (write->left == 0)
    return 0;
  if (napi_get_reference_value(napi, write->source, &source) != napi_ok)
    return UV_EFAULT;
  for (index = write->index; index < write->count; index++) {
    char *data = NULL;
    int err = view_at(napi, source, write, index, &data);

    if (err != 0)
      return err;
    /* An empty view has no memory. */
    if (write->lengths[index] > offset)
      memcpy(*out, data + offset, write->lengths[index] - offset);
    *out += write->lengths[index] - offset;
    offset = 0;
  }
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
