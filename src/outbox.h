/* Small writes that JavaScript makes while a dispatch runs. They collect in
 * memory that both sides share and leave when the dispatch ends, those of one
 * handle in one system call. They leave earlier when something is done with a
 * handle that must come after them. */
#ifndef UVNET_OUTBOX_H
#define UVNET_OUTBOX_H

#include <node_api.h>
#include <stddef.h>

#include "env.h"

enum {
  UVNET_OUTBOX_SIZE = 256 * 1024,
  /* Beside it are two 32-bit numbers: how many of its bytes are used, and
   * whether JavaScript may put in more. */
  UVNET_OUTBOX_USED = 0,
  UVNET_OUTBOX_OPEN = 1,
  UVNET_OUTBOX_NUMBERS_SIZE = 8,
  /* A record: the handle's id and the length as 32-bit numbers, then the bytes,
   * filled up to a multiple of four. lib/outbox.js writes them. */
  UVNET_OUTBOX_HEADER = 8,
  /* Added to a record's length where JavaScript waits for the end of the write.
   */
  UVNET_OUTBOX_ENDS = 1 << 30
};

/* The outbox's bytes, UVNET_OUTBOX_SIZE of them, good until JavaScript runs; or
 * NULL if somebody has transferred them. Wants a handle scope. */
char *uvnet_outbox_memory(const struct uvnet_env *env);

/* Sends the records. Those of `ending`, a handle that
 * will be shut down right away, or NULL, may wait for its FIN. Runs no
 * JavaScript: writes that fail are for uvnet_outbox_report(). Wants a handle
 * scope if there are records. */
void uvnet_outbox_flush(struct uvnet_env *env,
                        const struct uvnet_handle *ending);

/* Emits UVNET_EVENT_WRITE, UVNET_EVENT_WRITE_FAILED and
 * UVNET_EVENT_WRITE_QUEUED for the handles that they are due for. */
void uvnet_outbox_report(struct uvnet_env *env);

/* Tells JavaScript that no write of the handle waits any more, if it was told
 * that bytes of the outbox do. */
void uvnet_outbox_drained(struct uvnet_handle *handle);

/* flushOutbox(): sends the records. */
napi_value uvnet_js_flush_outbox(napi_env napi, napi_callback_info info);
#endif
