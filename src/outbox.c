#include "outbox.h"

#include <stdbool.h>
#include <string.h>

#include "event.h"
#include "handle.h"
#include "js.h"

enum { GATHER_LIMIT = 64 };

/* One handle's records that follow each other. */
struct run {
  struct uvnet_handle *handle;
  uv_buf_t buffers[GATHER_LIMIT];
  unsigned int count;
  const struct uvnet_handle *ending;
};

/* Tells JavaScript at the end of the dispatch how a record's write ended. */
static void tell_end(struct uvnet_handle *handle, int status) {
  if (uvnet_event_note(handle->env, UVNET_EVENT_WRITE, handle->id, status,
                       UVNET_WRITE_FROM_OUTBOX))
    return;
  handle->outbox_end_due = true;
  handle->outbox_end = status;
  handle->env->outbox_reports = true;
}

/* Sends the run; with `ends` JavaScript waits for the end of its last record.
 */
static void send_run(struct run *run, bool ends) {
  struct uvnet_handle *handle = run->handle;
  int err;

  if (run->count == 0)
    return;
  err = uvnet_write_buffers(handle, run->buffers, run->count,
                            handle == run->ending,
                            ends ? UVNET_REPORT_END : UVNET_REPORT_FAILURE);
  run->count = 0;
  if (ends && err <= 0) {
    if (err < 0 && handle->write_error == 0)
      handle->write_error = err;
    tell_end(handle, err);
  } else if (err < 0) {
    uvnet_write_failed(handle, err);
  }
  if (err < 0 || handle->outbox_queued)
    handle->env->outbox_reports = true;
}

static void add(struct run *run, struct uvnet_handle *handle, char *bytes,
                size_t length) {
  if (run->handle != handle || run->count == GATHER_LIMIT) {
    send_run(run, false);
    run->handle = handle;
  }
  run->buffers[run->count++] = uv_buf_init(bytes, (unsigned int)length);
}

char *uvnet_outbox_memory(const struct uvnet_env *env) {
  napi_value buffer = NULL;
  void *memory = NULL;
  size_t size = 0;

  if (napi_get_reference_value(env->napi, env->outbox_memory, &buffer) !=
          napi_ok ||
      napi_get_arraybuffer_info(env->napi, buffer, &memory, &size) != napi_ok)
    return NULL;
  return size == UVNET_OUTBOX_SIZE ? memory : NULL;
}

static void send_records(struct uvnet_env *env, char *memory, size_t used,
                         const struct uvnet_handle *ending) {
  /* Its buffers are a kilobyte, which an initializer would clear. */
  struct run run;
  size_t at = 0;

  run.handle = NULL;
  run.count = 0;
  run.ending = ending;
  while (at + UVNET_OUTBOX_HEADER <= used) {
    int32_t header[2];
    struct uvnet_handle *handle;
    size_t length;

    memcpy(header, memory + at, sizeof(header));
    handle = uvnet_env_find(env, header[0]);
    length = (size_t)(header[1] & ~UVNET_OUTBOX_ENDS);
    at += UVNET_OUTBOX_HEADER;
    if (length > used - at)
      break;
    if (handle != NULL && !handle->closing) {
      add(&run, handle, memory + at, length);
      if ((header[1] & UVNET_OUTBOX_ENDS) != 0)
        send_run(&run, true);
    }
    at += (length + 3) & ~(size_t)3;
  }
  send_run(&run, false);
}

void uvnet_outbox_flush(struct uvnet_env *env,
                        const struct uvnet_handle *ending) {
  int32_t *numbers = env->outbox;
  int32_t used = numbers[UVNET_OUTBOX_USED];
  char *memory;

  if (used == 0)
    return;
  numbers[UVNET_OUTBOX_USED] = 0;
  memory = uvnet_outbox_memory(env);
  if (memory != NULL && used > 0 && used <= UVNET_OUTBOX_SIZE)
    send_records(env, memory, (size_t)used, ending);
  /* JavaScript shall hear of it before it puts in more. */
  if (env->outbox_reports)
    numbers[UVNET_OUTBOX_OPEN] = 0;
}

static void report(struct uvnet_handle *handle) {
  if (handle->outbox_queued && !handle->outbox_queued_reported) {
    handle->outbox_queued_reported = true;
    uvnet_event_emit(handle->env, UVNET_EVENT_WRITE_QUEUED, handle->id, 1, 0);
  }
  if (handle->outbox_end_due) {
    handle->outbox_end_due = false;
    uvnet_event_emit(handle->env, UVNET_EVENT_WRITE, handle->id,
                     handle->outbox_end, UVNET_WRITE_FROM_OUTBOX);
  }
  if (!handle->write_error_due)
    return;
  handle->write_error_due = false;
  uvnet_event_emit(handle->env, UVNET_EVENT_WRITE_FAILED, handle->id,
                   handle->write_error, 0);
}

void uvnet_outbox_report(struct uvnet_env *env) {
  uint32_t i;

  if (!env->outbox_reports)
    return;
  env->outbox_reports = false;
  /* Rare enough to look at every handle. JavaScript may close some meanwhile,
   * and open others. */
  for (i = 0; i < env->slot_count; i++)
    if (env->slots[i] != NULL)
      report(env->slots[i]);
}

void uvnet_outbox_drained(struct uvnet_handle *handle) {
  if (!handle->outbox_queued)
    return;
  handle->outbox_queued = false;
  if (!handle->outbox_queued_reported)
    return;
  handle->outbox_queued_reported = false;
  uvnet_event_emit(handle->env, UVNET_EVENT_WRITE_QUEUED, handle->id, 0, 0);
}

napi_value uvnet_js_flush_outbox(napi_env napi, napi_callback_info info) {
  void *data = NULL;

  if (js_arguments(napi, info, 0, NULL, &data))
    uvnet_outbox_flush(data, NULL);
  return NULL;
}
