/* What one instance of the addon owns: the loop of its Node environment (the
 * main thread or a worker), the live handles, the memory that reads go through,
 * and the events on their way to JavaScript. Nothing here is global, so
 * workers, several copies of the addon, and lib/ evaluated twice over one
 * binary do not know of each other. */
#ifndef UVNET_ENV_H
#define UVNET_ENV_H

#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct uvnet_handle;

enum {
  /* What one read may bring; libuv suggests the same. */
  UVNET_READ_SIZE = 64 * 1024,
  /* Bytes of the inbox: at its limit there is room for one more read. */
  UVNET_INBOX_LIMIT = 64 * 1024,
  /* Where a read's memory starts is a multiple of this. The kernel's is too,
   * and where a copy goes to a place up to 31 bytes behind the place it comes
   * from, as counted within their pages, `rep movsb` takes five times as long
   * on AMD's Zen: as malloc() gives the memory of large blocks, 16 bytes behind
   * the start of a page, it does so always. */
  UVNET_ALIGNMENT = 64,
  UVNET_INBOX_SIZE = UVNET_INBOX_LIMIT + UVNET_READ_SIZE + UVNET_ALIGNMENT,
  /* There are two. */
  UVNET_INBOXES_SIZE = 2 * UVNET_INBOX_SIZE,
  /* Chunks of large reads that wait for one dispatch, */
  UVNET_LARGE_LIMIT = 64,
  /* and events. */
  UVNET_EVENT_LIMIT = 256,
  /* Numbers of one event: kind, handle id, and two that the kind explains. */
  UVNET_EVENT_FIELDS = 4,
  /* Numbers that a call can return besides its result. */
  UVNET_RESULT_FIELDS = 4
};

/* Sums over the life of the environment; `statistics()` shows them. */
struct uvnet_counters {
  uint64_t bytes_read;
  uint64_t bytes_written;
  /* Of those, bytes that never were in a Buffer. */
  uint64_t bytes_relayed;
  uint64_t handles_opened;
  uint64_t handles_closed;
  uint64_t dispatches;
  uint64_t events;
};

struct uvnet_env {
  napi_env napi;
  uv_loop_t *loop;

  /* Handles by id. A free slot holds NULL. */
  struct uvnet_handle **slots;
  uint32_t slot_count;
  uint32_t live_count;
  /* Where the search for a free slot starts. */
  uint32_t next_slot;

  /* JavaScript's dispatch(); NULL until lib/dispatch.js sets it. */
  napi_ref dispatch;
  /* A header and two rings of events; see event.h. The memory is that of a
   * SharedArrayBuffer, which nobody can transfer or shrink, and `events_ref`
   * keeps it: the pointer stays good whatever JavaScript does. The same goes
   * for `results` and `outbox`. */
  int32_t *events;
  napi_ref events_ref;
  /* Which ring events go to; JavaScript reads the other. */
  uint32_t event_ring;
  uint32_t event_count;
  /* Handles that are gone, but JavaScript does not know it yet; and those of
   * which it knows. */
  struct uvnet_handle *closed;
  struct uvnet_handle *forgotten;
  /* JavaScript runs a dispatch. */
  bool dispatching;
  double *results;
  napi_ref results_ref;

  /* Two inboxes. Reads land in the first, one behind the other, and JavaScript
   * copies them from there when their events are dispatched. If a listener runs
   * the loop itself, reads land in the second, for the dispatch that called the
   * listener still needs the first. Shared like `events`. */
  char *inbox;
  napi_ref inbox_ref;
  /* Bytes used of the one that reads land in now. */
  size_t inbox_used;
  /* A Buffer of `spare_size` bytes for the next large read, or NULL, and those
   * that go to the next dispatch; see large.h. No JavaScript has seen them. */
  napi_ref spare;
  size_t spare_size;
  napi_ref large[UVNET_LARGE_LIMIT];
  uint32_t large_count;
  /* Bytes of the last first read of a connection: others may start so too. */
  uint32_t first_read;
  /* malloc() was told to keep what is freed; see uvnet_os_keep_freed_memory().
   */
  bool keeps_freed_memory;
  /* Dispatches after each poll instead of after each event. */
  bool batching;
  /* Before the loop polls, and after. */
  uv_prepare_t prepare;
  uv_check_t check;
  /* Runs while servers are starved; see server.h. */
  uv_timer_t accept_timer;
  /* How many of the three are open. */
  uint32_t watchers;
  /* Handles that listen, and those of them that are starved. */
  uint32_t server_count;
  uint32_t starved_count;
  /* Polls of the loop since a connection came, or since a look for one. */
  uint32_t polls;
  /* Handles between uv_close() and its callback. */
  uint32_t closing_handles;

  /* The outbox's numbers; see outbox.h. */
  int32_t *outbox;
  napi_ref outbox_ref;
  /* The ArrayBuffer in which small writes wait. To copy into a
   * SharedArrayBuffer takes V8 ten times as long, so this one could be
   * transferred, and its pointer is looked up each time. */
  napi_ref outbox_memory;
  /* Something happened to writes of the outbox that is not reported yet. */
  bool outbox_reports;

  /* What is read from handles that relay, once there is one; see relay.h. */
  char *relay;
  size_t relay_used;

  /* Strings are encoded here before they are written. */
  char *scratch;

  struct uvnet_counters counters;
  /* The instance that was made before this one. */
  struct uvnet_env *older;
  napi_async_cleanup_hook_handle cleanup_hook;
  /* Set once the environment winds down: no JavaScript from then on. */
  bool closing;
};

/* Creates the data of one instance and registers its cleanup hook, which frees
 * it. `share` is a function that gives for a number a Uint8Array over a
 * SharedArrayBuffer of that many bytes. NULL with a pending exception on
 * failure. */
struct uvnet_env *uvnet_env_create(napi_env napi, napi_value share);

/* Gives `handle` an id. Returns 0 or UV_ENOMEM. */
int uvnet_env_add(struct uvnet_env *env, struct uvnet_handle *handle);

/* Forgets a closed handle; the last one of an environment that winds down
 * ends the cleanup. */
void uvnet_env_remove(struct uvnet_env *env, struct uvnet_handle *handle);

/* The first offset from `offset` on where `memory` is aligned for a read. */
size_t uvnet_env_align(const char *memory, size_t offset);

/* The handle with that id, or NULL if there is none. */
struct uvnet_handle *uvnet_env_find(const struct uvnet_env *env, int32_t id);

#endif
