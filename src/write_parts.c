/* Writes of several pieces at once: lib/vector.js packs the small ones into the
 * outbox's memory, and the large ones stay where they are. */
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "env.h"
#include "handle.h"
#include "js.h"
#include "outbox.h"
#include "send.h"
#include "write.h"

enum {
  /* Views in one call; lib/vector.js has the same. */
  MAX_VIEWS = 31,
  /* Packed bytes lie before each view and behind the last. */
  MAX_PIECES = 2 * MAX_VIEWS + 1
};

/* What one call writes, in order. */
struct parts {
  uv_buf_t buffers[MAX_PIECES];
  /* NULL for packed bytes. */
  napi_value views[MAX_PIECES];
  size_t lengths[MAX_PIECES];
  unsigned int count;
  /* Those that one system call can take: the last of these may be longer than
   * its buffer says. */
  unsigned int sendable;
  size_t total;
};

static void add(struct parts *parts, napi_value view, char *data,
                size_t length) {
  unsigned int index = parts->count;
  /* uv_buf_t's length is 32 bits on Windows. */
  size_t part = length < INT32_MAX ? length : INT32_MAX;

  if (length == 0)
    return;
  parts->buffers[index] = uv_buf_init(data, (unsigned int)part);
  parts->views[index] = view;
  parts->lengths[index] = length;
  if (parts->sendable == index && parts->total < INT32_MAX)
    parts->sendable++;
  parts->count++;
  parts->total += length;
}

/* Reads the elements of the layout. The array is ours; if it was not, getters
 * would run here, before anything is looked up. */
static bool read_layout(napi_env napi, napi_value layout, uint32_t count,
                        napi_value elements[]) {
  uint32_t i;

  for (i = 0; i < count; i++)
    if (napi_get_element(napi, layout, i, &elements[i]) != napi_ok)
      return false;
  return true;
}

/* Adds the packed bytes and the views, which are pairs of an offset and a view
 * that comes behind that many packed bytes. 0 or UV_EINVAL. */
static int arrange(napi_env napi, const napi_value elements[], uint32_t count,
                   char *packed, int32_t length, struct parts *parts) {
  int32_t at = 0;
  uint32_t i;

  for (i = 0; i + 1 < count; i += 2) {
    int32_t next;
    char *data;
    size_t size;

    if (napi_get_value_int32(napi, elements[i], &next) != napi_ok ||
        next < at || next > length ||
        !js_view(napi, elements[i + 1], &data, &size))
      return UV_EINVAL;
    add(parts, NULL, packed + at, (size_t)(next - at));
    add(parts, elements[i + 1], data, size);
    at = next;
  }
  add(parts, NULL, packed + at, (size_t)(length - at));
  return 0;
}

/* Queues what the kernel has not taken: all behind the first `sent` bytes. */
static int keep_rest(struct uvnet_handle *handle, const struct parts *parts,
                     size_t sent, enum uvnet_write_report last) {
  unsigned int i;
  int err = UVNET_WRITE_DONE;

  for (i = 0; i < parts->count && err >= 0; i++) {
    size_t length = parts->lengths[i];
    enum uvnet_write_report report =
        i + 1 == parts->count ? last : UVNET_REPORT_NOTHING;

    if (sent >= length) {
      sent -= length;
      continue;
    }
    if (parts->views[i] != NULL)
      err = uvnet_write_keep_view(handle, parts->views[i],
                                  parts->buffers[i].base, length, sent, report);
    else
      err = uvnet_write_keep_copy(handle, parts->buffers[i].base + sent,
                                  length - sent, report);
    sent = 0;
  }
  return err;
}

static int write_parts(struct uvnet_handle *handle, const struct parts *parts,
                       bool is_last) {
  int sent = 0;

  if (handle->writes.head == NULL && parts->count > 0)
    sent = uvnet_send(handle, parts->buffers, parts->sendable, false);
  if (sent == UV_EAGAIN)
    sent = 0;
  if (sent < 0)
    return sent;
  if ((size_t)sent < parts->total)
    return keep_rest(handle, parts, (size_t)sent,
                     is_last ? UVNET_REPORT_END : UVNET_REPORT_NOTHING);
  /* Earlier parts wait, and this one tells of their end. */
  if (is_last && handle->writes.head != NULL)
    return uvnet_write_keep(handle, NULL, NULL, 0, UVNET_REPORT_END);
  return UVNET_WRITE_DONE;
}

/* Looks the bytes up and writes them. */
static napi_value find_and_write(struct uvnet_handle *handle,
                                 const napi_value elements[], uint32_t count,
                                 int32_t length, bool is_last) {
  struct parts parts;
  napi_env napi = handle->env->napi;
  char *memory;
  int err;

  uvnet_outbox_flush(handle->env, NULL);
  memory = uvnet_outbox_memory(handle->env);
  if (memory == NULL)
    return js_int(napi, UV_EFAULT);
  parts.count = 0;
  parts.sendable = 0;
  parts.total = 0;
  err = arrange(napi, elements, count, memory, length, &parts);
  if (err == 0)
    err = write_parts(handle, &parts, is_last);
  return uvnet_write_answer(handle, parts.total, err);
}

napi_value uvnet_js_write_parts(napi_env napi, napi_callback_info info) {
  napi_value argv[5];
  napi_value elements[2 * MAX_VIEWS];
  napi_value result;
  int32_t length;
  int32_t count;
  bool is_last;
  struct uvnet_handle *handle;

  if (!js_arguments(napi, info, 5, argv, NULL) ||
      !js_int32(napi, argv[1], "length", &length) ||
      !js_int32(napi, argv[3], "count", &count) ||
      !js_bool(napi, argv[4], "isLast", &is_last))
    return NULL;
  if (length < 0 || length > UVNET_OUTBOX_SIZE || count < 0 ||
      count > 2 * MAX_VIEWS)
    return js_int(napi, UV_EINVAL);
  if (!read_layout(napi, argv[2], (uint32_t)count, elements))
    return js_throw_type(napi, "layout must be an array");
  handle = uvnet_handle_argument(napi, info, 5, argv, &result);
  if (handle == NULL)
    return result;
  return find_and_write(handle, elements, (uint32_t)count, length, is_last);
}
