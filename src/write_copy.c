/* Writes of what was copied or encoded to native memory: strings, vectors of
 * small chunks, and the outbox. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "env.h"
#include "handle.h"
#include "js.h"
#include "outbox.h"
#include "send.h"
#include "write.h"

int uvnet_write_keep_copy(struct uvnet_handle *handle, const char *bytes,
                          size_t length, enum uvnet_write_report report) {
  char *memory = malloc(length);

  if (memory == NULL)
    return UV_ENOMEM;
  memcpy(memory, bytes, length);
  return uvnet_write_keep(handle, memory, memory, length, report);
}

int uvnet_write_buffers(struct uvnet_handle *handle, const uv_buf_t *buffers,
                        unsigned int count, bool more,
                        enum uvnet_write_report last) {
  int sent = handle->writes.head != NULL
                 ? UV_EAGAIN
                 : uvnet_send(handle, buffers, count, more);
  int err = UVNET_WRITE_DONE;
  unsigned int i;
  size_t skip;

  if (sent < 0 && sent != UV_EAGAIN)
    return sent;
  skip = sent < 0 ? 0 : (size_t)sent;
  for (i = 0; i < count; i++) {
    size_t length = buffers[i].len;
    size_t done = skip < length ? skip : length;

    handle->bytes_written += length;
    skip -= done;
    if (done == length)
      continue;
    handle->outbox_queued = true;
    err = uvnet_write_keep_copy(handle, buffers[i].base + done, length - done,
                                i + 1 == count ? last : UVNET_REPORT_FAILURE);
    if (err < 0)
      return err;
  }
  return err;
}

typedef napi_status (*encoder)(napi_env napi, napi_value string, char *buffer,
                               size_t size, size_t *length);

/* Encodes a string into the scratch memory, or if it may not fit there into
 * memory of its own, which `owned` receives. NULL if that cannot be had. */
static char *encode(struct uvnet_env *env, napi_value string, bool latin1,
                    char **owned, size_t *length) {
  encoder encode_string =
      latin1 ? napi_get_value_string_latin1 : napi_get_value_string_utf8;
  size_t units = 0;
  size_t size = UVNET_READ_SIZE;
  char *text = env->scratch;

  *owned = NULL;
  /* As Latin-1 the length is known without a look at the characters. UTF-8
   * takes at most three bytes for each. */
  if (napi_get_value_string_latin1(env->napi, string, NULL, 0, &units) !=
      napi_ok)
    return NULL;
  if (units >= UVNET_READ_SIZE / 3) {
    if (encode_string(env->napi, string, NULL, 0, &size) != napi_ok)
      return NULL;
    size++;
    *owned = malloc(size);
    text = *owned;
  }
  if (text != NULL &&
      encode_string(env->napi, string, text, size, length) == napi_ok)
    return text;
  free(*owned);
  *owned = NULL;
  return NULL;
}

/* Sends what the kernel takes of encoded text and queues the rest. `owned` is
 * the memory it lies in, if that becomes the write's, or NULL. */
static int write_text(struct uvnet_handle *handle, char *text, size_t length,
                      char *owned, enum uvnet_write_report report) {
  int sent = 0;

  if (handle->writes.head == NULL)
    sent = uvnet_send_bytes(handle, text, length);
  if (sent < 0 || (size_t)sent == length) {
    free(owned);
    return sent < 0 ? sent : UVNET_WRITE_DONE;
  }
  if (owned != NULL)
    return uvnet_write_keep(handle, owned, text + sent, length - (size_t)sent,
                            report);
  return uvnet_write_keep_copy(handle, text + sent, length - (size_t)sent,
                               report);
}

/* writeString(id, string, latin1, isLast): in UTF-8, or with `latin1` in
 * Latin-1. */
napi_value uvnet_js_write_string(napi_env napi, napi_callback_info info) {
  napi_value argv[4];
  napi_value result;
  bool latin1;
  bool is_last;
  size_t length = 0;
  char *owned = NULL;
  char *text;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 4, argv, &result);

  if (handle == NULL)
    return result;
  uvnet_outbox_flush(handle->env, NULL);
  if (!js_bool(napi, argv[2], "latin1", &latin1) ||
      !js_bool(napi, argv[3], "isLast", &is_last))
    return NULL;
  text = encode(handle->env, argv[1], latin1, &owned, &length);
  if (text == NULL)
    return uvnet_write_answer(handle, 0, UV_ENOMEM);
  return uvnet_write_answer(
      handle, length,
      write_text(handle, text, length, owned,
                 is_last ? UVNET_REPORT_END : UVNET_REPORT_NOTHING));
}
