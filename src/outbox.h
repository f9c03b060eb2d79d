/* Small writes that JavaScript makes while a dispatch runs. They collect in
 * memory that both sides share and leave when the dispatch ends, those of one
 * handle in one system call. */
#ifndef UVNET_OUTBOX_H
#define UVNET_OUTBOX_H

#include <node_api.h>
#include <stddef.h>

#include "env.h"

enum {
  UVNET_OUTBOX_SIZE = 64 * 1024,
  /* A record: the handle's id and the length as 32-bit numbers, then the bytes,
   * filled up to a multiple of four. lib/outbox.js writes them. */
  UVNET_OUTBOX_HEADER = 8
};

/* Sends the records in the first `used` bytes. Runs no JavaScript: writes that
 * fail are for uvnet_outbox_report(). */
void uvnet_outbox_flush(struct uvnet_env *env, size_t used);

/* Emits UVNET_EVENT_WRITE_FAILED and UVNET_EVENT_WRITE_QUEUED for the handles
 * that they are due for. */
void uvnet_outbox_report(struct uvnet_env *env);

/* Tells JavaScript that no write of the handle waits any more, if it was told
 * that bytes of the outbox do. */
void uvnet_outbox_drained(struct uvnet_handle *handle);

/* flushOutbox(used): the same, for JavaScript. Returns whether something
 * is to be reported: then no more should go into the outbox. */
napi_value uvnet_js_flush_outbox(napi_env napi, napi_callback_info info);

#endif
