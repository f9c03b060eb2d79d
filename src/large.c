#include "large.h"

#include <string.h>

#include "env.h"
#include "handle.h"
#include "os.h"

enum {
  /* The most that one read takes. Fewer, larger reads cost less. */
  LARGEST = 256 * 1024,
  /* So many reads in a row have the expected length before one looks whether
   * there is more. */
  LOOK_INTERVAL = 8
};

void uvnet_large_note(struct uvnet_handle *handle, size_t length) {
  bool again = length == handle->last_read && length >= UVNET_LARGE &&
               length < UVNET_READ_SIZE;

  if (handle->last_read == 0)
    handle->env->first_read = (uint32_t)length;
  handle->last_read = (uint32_t)length;
  handle->expected_read = again ? (uint32_t)length : 0;
}

static void drop_spare(struct uvnet_env *env) {
  if (env->spare != NULL)
    (void)napi_delete_reference(env->napi, env->spare);
  env->spare = NULL;
}

/* The memory of the spare Buffer, or of a new one if that has another size. */
static char *spare_memory(struct uvnet_env *env, size_t size) {
  napi_value buffer = NULL;
  void *data = NULL;
  size_t length = 0;

  if (env->spare != NULL && env->spare_size == size &&
      napi_get_reference_value(env->napi, env->spare, &buffer) == napi_ok &&
      napi_get_buffer_info(env->napi, buffer, &data, &length) == napi_ok)
    return data;
  drop_spare(env);
  env->spare_size = size;
  if (napi_create_buffer(env->napi, size, &data, &buffer) != napi_ok ||
      napi_create_reference(env->napi, buffer, 1, &env->spare) != napi_ok)
    return NULL;
  return data;
}

/* How much the next read will bring, if it is large; else 0. The kernel is
 * asked where the reads before were large and of different lengths. */
static size_t next_length(const struct uvnet_handle *handle, bool *nothing) {
  size_t last =
      handle->last_read != 0 ? handle->last_read : handle->env->first_read;
  uv_os_fd_t fd;
  int waiting;

  *nothing = false;
  if (handle->expected_read != 0)
    return handle->expected_read;
  if (last < UVNET_LARGE || uv_fileno(&handle->uv.handle, &fd) != 0)
    return 0;
  waiting = uvnet_os_waiting(fd);
  *nothing = waiting == 0;
  if (waiting < UVNET_LARGE)
    return 0;
  return waiting < LARGEST ? (size_t)waiting : LARGEST;
}

uv_buf_t uvnet_large_memory(struct uvnet_handle *handle, bool *nothing) {
  struct uvnet_env *env = handle->env;
  size_t size = next_length(handle, nothing);
  napi_handle_scope scope = NULL;
  char *memory;

  if (size == 0 || napi_open_handle_scope(env->napi, &scope) != napi_ok)
    return uv_buf_init(NULL, 0);
  memory = spare_memory(env, size);
  (void)napi_close_handle_scope(env->napi, scope);
  return uv_buf_init(memory, memory == NULL ? 0 : (unsigned int)size);
}

bool uvnet_large_has_room(const struct uvnet_env *env) {
  return env->large_count < UVNET_LARGE_LIMIT;
}

int32_t uvnet_large_take(struct uvnet_env *env) {
  if (env->spare == NULL || !uvnet_large_has_room(env))
    return UV_ENOMEM;
  env->large[env->large_count] = env->spare;
  env->spare = NULL;
  return (int32_t)env->large_count++;
}

int32_t uvnet_large_copy(struct uvnet_env *env, const char *bytes,
                         size_t length) {
  napi_env napi = env->napi;
  napi_handle_scope scope = NULL;
  napi_value buffer = NULL;
  void *data = NULL;
  int32_t index = UV_ENOMEM;

  if (!uvnet_large_has_room(env) ||
      napi_open_handle_scope(napi, &scope) != napi_ok)
    return UV_ENOMEM;
  if (napi_create_buffer(napi, length, &data, &buffer) == napi_ok &&
      napi_create_reference(napi, buffer, 1, &env->large[env->large_count]) ==
          napi_ok) {
    memcpy(data, bytes, length);
    index = (int32_t)env->large_count++;
  }
  (void)napi_close_handle_scope(napi, scope);
  return index;
}

bool uvnet_large_reads_on(struct uvnet_handle *handle, size_t length) {
  if (length >= UVNET_READ_SIZE)
    return true;
  /* All that had arrived was asked for. */
  if (handle->expected_read == 0)
    return false;
  if (++handle->expected_reads < LOOK_INTERVAL)
    return false;
  handle->expected_reads = 0;
  handle->expected_read = 0;
  return true;
}

size_t uvnet_large_give(struct uvnet_env *env, napi_value *chunks) {
  size_t count = env->large_count;
  size_t i;

  env->large_count = 0;
  for (i = 0; i < count; i++) {
    if (napi_get_reference_value(env->napi, env->large[i], &chunks[i]) !=
        napi_ok)
      (void)napi_get_undefined(env->napi, &chunks[i]);
    (void)napi_delete_reference(env->napi, env->large[i]);
  }
  return count;
}
