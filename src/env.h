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
  /* Bytes of the inbox and of the scratch memory, and what one read may bring;
   * libuv suggests the same. */
  UVNET_READ_SIZE = 64 * 1024,
  /* Bytes of an ArrayBuffer that small chunks share, */
  UVNET_SLAB_SIZE = 64 * 1024,
  /* and of one for a connection whose reads are large. Fewer, larger reads
   * cost less than many small ones: 256 KB gave 1.2 times 64 KB's bulk
   * receive, 1 MB nothing more. */
  UVNET_BULK_SIZE = 256 * 1024,
  /* Events that wait for one dispatch. */
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

/* An ArrayBuffer that chunks are cut from. A user can reach and detach it
 * through chunk.buffer: its pointer is read afresh each time. */
struct uvnet_slab {
  napi_ref memory;
  size_t size;
  size_t used;
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
  /* A header and two rings of events; see event.h. The memory belongs to an
   * ArrayBuffer that lib/ alone sees and `events_ref` keeps, so the
   * pointer stays good. The same goes for `results`. */
  int32_t *events;
  napi_ref events_ref;
  /* Which ring events go to; JavaScript reads the other. */
  uint32_t event_ring;
  uint32_t event_count;
  /* How many of those that wait are reads into `bulk`. */
  uint32_t bulk_events;
  /* Handles that are gone, but JavaScript does not know it yet. */
  struct uvnet_handle *closed;
  /* JavaScript runs a dispatch. */
  bool dispatching;
  double *results;
  napi_ref results_ref;

  /* Where the inbox goes, and where large reads land. */
  struct uvnet_slab slab;
  struct uvnet_slab bulk;

  /* Small reads land here, one behind the other, until their events are
   * dispatched. */
  char *inbox;
  size_t inbox_used;
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

  /* Small writes wait here; see outbox.h. Shared like `events`. */
  int32_t *outbox;
  napi_ref outbox_ref;
  /* Something happened to writes of the outbox that is not reported yet. */
  bool outbox_reports;

  /* What is read from handles that relay; see relay.h. Shared like `events`. */
  char *relay;
  napi_ref relay_ref;
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
 * it. NULL with a pending exception on failure. */
struct uvnet_env *uvnet_env_create(napi_env napi);

/* Gives `handle` an id. Returns 0 or UV_ENOMEM. */
int uvnet_env_add(struct uvnet_env *env, struct uvnet_handle *handle);

/* Forgets a closed handle; the last one of an environment that winds down
 * ends the cleanup. */
void uvnet_env_remove(struct uvnet_env *env, struct uvnet_handle *handle);

/* The handle with that id, or NULL if there is none. */
struct uvnet_handle *uvnet_env_find(const struct uvnet_env *env, int32_t id);

#endif
