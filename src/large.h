/* Reads that become chunks without being copied.
 *
 * A chunk's memory must be its alone and end where it does. So a read can land
 * in a Buffer only if its length is known before, and it is guessed: a sender
 * that fills each read, or whose last two reads had one length, will do so
 * again. A read that is shorter is copied from the Buffer, which serves for the
 * next one. */
#ifndef UVNET_LARGE_H
#define UVNET_LARGE_H

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct uvnet_env;
struct uvnet_handle;

/* Notes the length of a read, for the guess at the next one. */
void uvnet_large_note(struct uvnet_handle *handle, size_t length);

/* Memory for as many bytes as the handle's next read is expected to bring;
 * empty if that is unknown or too little to pay. No JavaScript runs until the
 * read is over. */
uv_buf_t uvnet_large_memory(struct uvnet_handle *handle);

/* Has the Buffer that uvnet_large_memory() gave last, which is full, go to the
 * next dispatch. Its index among the dispatch's arguments, or a negative error:
 * then the bytes have to be copied. */
int32_t uvnet_large_take(struct uvnet_env *env);

/* Whether libuv shall read on at once behind a read of `length` bytes that was
 * expected. Most often that would be in vain; but a sender may have more now
 * than it used to, which only a longer read can tell. */
bool uvnet_large_reads_on(struct uvnet_handle *handle, size_t length);

/* Whether one more can be taken before a dispatch. */
bool uvnet_large_has_room(const struct uvnet_env *env);

/* Moves what was taken to `chunks`, which has room for UVNET_LARGE_LIMIT. How
 * many they are. Needs an open handle scope. */
size_t uvnet_large_give(struct uvnet_env *env, napi_value *chunks);

#endif
