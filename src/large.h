/* Large reads, whose chunks are made in C.
 *
 * A chunk's memory must be its alone and end where it does. So a read can land
 * in the chunk itself only if its length is known before. Where the last two
 * reads had one length, the next one's is guessed; else the kernel is asked.
 * The chunk of another large read is a copy, made at once: the memory that it
 * was read into serves again while it is in the processor's cache. */
#ifndef UVNET_LARGE_H
#define UVNET_LARGE_H

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct uvnet_env;
struct uvnet_handle;

/* Reads from this size on are large. Below it a copy by JavaScript costs less
 * than a Buffer made by N-API. */
enum { UVNET_LARGE = 4096 };

/* Notes the length of a read, for the guess at the next one. */
void uvnet_large_note(struct uvnet_handle *handle, size_t length);

/* Memory for as many bytes as the handle's next read is expected to bring;
 * empty if that is unknown or too little to pay. `nothing` receives whether the
 * kernel has been asked and has none. No JavaScript runs until the read is
 * over. */
uv_buf_t uvnet_large_memory(struct uvnet_handle *handle, bool *nothing);

/* Has the Buffer that uvnet_large_memory() gave last, which is full, go to the
 * next dispatch. Its index among the dispatch's arguments, or a negative error.
 */
int32_t uvnet_large_take(struct uvnet_env *env);

/* The same with a new Buffer that has a copy of these bytes. */
int32_t uvnet_large_copy(struct uvnet_env *env, const char *bytes,
                         size_t length);

/* Whether libuv shall read on at once behind a read of `length` bytes that
 * filled what it was given. Most often that would be in vain; but a sender may
 * have more now than it used to, which only a longer read can tell. */
bool uvnet_large_reads_on(struct uvnet_handle *handle, size_t length);

/* Whether one more can be taken before a dispatch. */
bool uvnet_large_has_room(const struct uvnet_env *env);

/* Moves what was taken to `chunks`, which has room for UVNET_LARGE_LIMIT. How
 * many they are. Needs an open handle scope. */
size_t uvnet_large_give(struct uvnet_env *env, napi_value *chunks);

#endif
