/* The one place that lists what JavaScript sees. lib/handle.js is the only
 * caller of the functions that take a handle's id. */
#include <node_api.h>

#include "env.h"
#include "event.h"
#include "handle.h"
#include "js.h"
#include "js_address.h"
#include "option.h"
#include "os.h"
#include "outbox.h"
#include "read.h"
#include "relay.h"
#include "server.h"
#include "socket.h"
#include "write.h"

/* setDispatch(function, batching): function(...chunks) is called for events,
 * the chunks being those of large reads; see event.h. With `batching` it takes
 * many at a time, and drains ticks and microtasks between them itself. */
static napi_value set_dispatch(napi_env napi, napi_callback_info info) {
  napi_value argv[2];
  napi_valuetype type = napi_undefined;
  void *data = NULL;
  napi_ref dispatch = NULL;
  bool batching;
  struct uvnet_env *env;

  if (!js_arguments(napi, info, 2, argv, &data) ||
      !js_bool(napi, argv[1], "batching", &batching))
    return NULL;
  env = data;
  if (napi_typeof(napi, argv[0], &type) != napi_ok || type != napi_function)
    return js_throw_type(napi, "dispatch must be a function");
  /* Handles may be there, which must have one at any time. */
  if (napi_create_reference(napi, argv[0], 1, &dispatch) != napi_ok)
    return js_throw_last(napi);
  if (env->dispatch != NULL)
    (void)napi_delete_reference(napi, env->dispatch);
  env->dispatch = dispatch;
  env->batching = batching;
  return NULL;
}

/* guessHandleType(fd): libuv's uv_handle_type of a descriptor. */
static napi_value guess_handle_type(napi_env napi, napi_callback_info info) {
  napi_value argv[1];
  int32_t fd;

  if (!js_arguments(napi, info, 1, argv, NULL) ||
      !js_int32(napi, argv[0], "fd", &fd))
    return NULL;
  return js_int(napi, (int32_t)uv_guess_handle(fd));
}

/* duplicate(fd): a second descriptor, or a negative error. */
static napi_value duplicate(napi_env napi, napi_callback_info info) {
  napi_value argv[1];
  int32_t fd;

  if (!js_arguments(napi, info, 1, argv, NULL) ||
      !js_int32(napi, argv[0], "fd", &fd))
    return NULL;
  return js_int(napi, uvnet_os_duplicate(fd));
}

/* closeDescriptor(fd): closes one that duplicate() gave and nobody took. */
static napi_value close_descriptor(napi_env napi, napi_callback_info info) {
  napi_value argv[1];
  int32_t fd;

  if (!js_arguments(napi, info, 1, argv, NULL) ||
      !js_int32(napi, argv[0], "fd", &fd))
    return NULL;
  return js_int(napi, uvnet_os_close(fd));
}

/* fatalException(error): what Node does with an exception that nobody caught.
 * Called inside the async scope of the event that threw, so that
 * 'uncaughtException' sees the same async id as with core. */
static napi_value fatal_exception(napi_env napi, napi_callback_info info) {
  napi_value argv[1];

  if (!js_arguments(napi, info, 1, argv, NULL))
    return NULL;
  if (napi_fatal_exception(napi, argv[0]) != napi_ok)
    return js_throw_last(napi);
  return NULL;
}

/* liveHandles(): how many handles are open or closing. */
static napi_value live_handles(napi_env napi, napi_callback_info info) {
  void *data = NULL;

  if (!js_arguments(napi, info, 0, NULL, &data))
    return NULL;
  return js_number(napi, ((struct uvnet_env *)data)->live_count);
}

static bool set_number(napi_env napi, napi_value object, const char *name,
                       double value) {
  napi_value number = js_number(napi, value);

  return number != NULL &&
         napi_set_named_property(napi, object, name, number) == napi_ok;
}

/* statistics(): the environment's sums, as an object. */
static napi_value statistics(napi_env napi, napi_callback_info info) {
  const struct uvnet_counters *sums;
  napi_value object = NULL;
  void *data = NULL;

  if (!js_arguments(napi, info, 0, NULL, &data))
    return NULL;
  sums = &((struct uvnet_env *)data)->counters;
  if (napi_create_object(napi, &object) != napi_ok ||
      !set_number(napi, object, "bytesRead", (double)sums->bytes_read) ||
      !set_number(napi, object, "bytesWritten", (double)sums->bytes_written) ||
      !set_number(napi, object, "bytesRelayed", (double)sums->bytes_relayed) ||
      !set_number(napi, object, "handlesOpened",
                  (double)sums->handles_opened) ||
      !set_number(napi, object, "handlesClosed",
                  (double)sums->handles_closed) ||
      !set_number(napi, object, "dispatches", (double)sums->dispatches) ||
      !set_number(napi, object, "events", (double)sums->events))
    return js_throw_last(napi);
  return object;
}

static const struct {
  const char *name;
  napi_callback function;
} functions[] = {
    {"setDispatch", set_dispatch},
    {"guessHandleType", guess_handle_type},
    {"duplicate", duplicate},
    {"closeDescriptor", close_descriptor},
    {"fatalException", fatal_exception},
    {"liveHandles", live_handles},
    {"statistics", statistics},
    /* handle.c */
    {"create", uvnet_js_create},
    {"close", uvnet_js_close},
    {"closeReset", uvnet_js_close_reset},
    {"resetUnseen", uvnet_js_reset_unseen},
    {"ref", uvnet_js_ref},
    {"unref", uvnet_js_unref},
    {"hasRef", uvnet_js_has_ref},
    {"fd", uvnet_js_fd},
    /* socket.c */
    {"open", uvnet_js_open},
    {"bind", uvnet_js_bind},
    {"connect", uvnet_js_connect},
    {"shutdown", uvnet_js_shutdown},
    {"name", uvnet_js_name},
    {"setNoDelay", uvnet_js_set_no_delay},
    {"setKeepAlive", uvnet_js_set_keep_alive},
    {"setBlocking", uvnet_js_set_blocking},
    {"chmod", uvnet_js_chmod},
    {"handleBytes", uvnet_js_handle_bytes},
    /* option.c */
    {"setOption", uvnet_js_set_option},
    {"getOption", uvnet_js_get_option},
    /* server.c */
    {"listen", uvnet_js_listen},
    /* read.c */
    {"readStart", uvnet_js_read_start},
    {"readStop", uvnet_js_read_stop},
    {"useInbox", uvnet_js_use_inbox},
    {"readOn", uvnet_js_read_on},
    {"copy", uvnet_js_copy},
    {"bufferHolder", uvnet_js_buffer_holder},
    {"useUserBuffer", uvnet_js_use_user_buffer},
    /* relay.c */
    {"relayed", uvnet_js_relayed},
    {"useRelay", uvnet_js_use_relay},
    {"relay", uvnet_js_relay},
    /* outbox.c */
    {"flushOutbox", uvnet_js_flush_outbox},
    /* write.c */
    {"write", uvnet_js_write},
    {"writeParts", uvnet_js_write_parts},
    {"writeString", uvnet_js_write_string},
    {"writeQueueSize", uvnet_js_write_queue_size},
    {"unsent", uvnet_js_unsent},
};

static napi_status define_functions(napi_env napi, napi_value exports,
                                    struct uvnet_env *env) {
  napi_status status = napi_ok;
  size_t i;

  for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
    napi_value function = NULL;

    status = napi_create_function(napi, functions[i].name, NAPI_AUTO_LENGTH,
                                  functions[i].function, env, &function);
    if (status == napi_ok)
      status =
          napi_set_named_property(napi, exports, functions[i].name, function);
    if (status != napi_ok)
      return status;
  }
  return status;
}

/* The memory that C and lib/ share. */
static napi_status define_memory(napi_env napi, napi_value exports,
                                 const struct uvnet_env *env) {
  const struct {
    const char *name;
    napi_ref reference;
  } memory[] = {{"events", env->events_ref},
                {"results", env->results_ref},
                {"inbox", env->inbox_ref},
                {"outboxNumbers", env->outbox_ref},
                {"outbox", env->outbox_memory}};
  napi_status status = napi_ok;
  size_t i;

  for (i = 0; i < sizeof(memory) / sizeof(memory[0]) && status == napi_ok;
       i++) {
    napi_value value = NULL;

    status = napi_get_reference_value(napi, memory[i].reference, &value);
    if (status == napi_ok)
      status = napi_set_named_property(napi, exports, memory[i].name, value);
  }
  return status;
}

/* instance(share): the native functions and their shared memory, which share()
 * makes (see env.h), over handles and events of their own. Each evaluation of
 * lib/ asks for one: test runners evaluate files anew while the binary stays
 * loaded, and two dispatchers must not take events from each other. */
static napi_value instance(napi_env napi, napi_callback_info info) {
  struct uvnet_env *env;
  napi_value object = NULL;
  napi_value argv[1];

  if (!js_arguments(napi, info, 1, argv, NULL))
    return NULL;
  env = uvnet_env_create(napi, argv[0]);
  if (env == NULL)
    return NULL;
  if (napi_create_object(napi, &object) != napi_ok ||
      define_functions(napi, object, env) != napi_ok ||
      define_memory(napi, object, env) != napi_ok ||
      uvnet_address_init(napi, object) != napi_ok)
    return js_throw_last(napi);
  return object;
}

/* libuv's version that has all functions which are called here. A function that
 * is not there would end the process when it is called first. */
#define UVNET_OLDEST_UV ((1u << 16) | (46u << 8))

NAPI_MODULE_INIT() {
  napi_value function = NULL;

  if (uv_version() < UVNET_OLDEST_UV) {
    (void)napi_throw_error(env, "ERR_FEATURE_UNAVAILABLE_ON_PLATFORM",
                           "uvnet needs libuv 1.46 or later");
    return NULL;
  }
  if (napi_create_function(env, "instance", NAPI_AUTO_LENGTH, instance, NULL,
                           &function) != napi_ok ||
      napi_set_named_property(env, exports, "instance", function) != napi_ok)
    return js_throw_last(env);
  return exports;
}
