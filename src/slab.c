#include "slab.h"

size_t uvnet_slab_align(size_t length) { return (length + 7) & ~(size_t)7; }

/* A Buffer's memory is not cleared first, as an ArrayBuffer's would be. */
static void *new_memory(napi_env napi, struct uvnet_slab *slab, size_t size) {
  napi_value buffer = NULL;
  napi_value memory = NULL;
  void *data = NULL;

  if (slab->memory != NULL)
    (void)napi_delete_reference(napi, slab->memory);
  slab->memory = NULL;
  slab->size = size;
  slab->used = 0;
  if (napi_create_buffer(napi, size, &data, &buffer) != napi_ok ||
      napi_get_typedarray_info(napi, buffer, NULL, NULL, NULL, &memory, NULL) !=
          napi_ok ||
      napi_create_reference(napi, memory, 1, &slab->memory) != napi_ok)
    return NULL;
  return data;
}

/* The slab's memory if `length` bytes still fit, else NULL. */
static void *current_memory(napi_env napi, const struct uvnet_slab *slab,
                            size_t length) {
  napi_value memory = NULL;
  void *data = NULL;
  size_t size = 0;

  if (slab->memory == NULL || slab->used + length > slab->size ||
      napi_get_reference_value(napi, slab->memory, &memory) != napi_ok ||
      napi_get_arraybuffer_info(napi, memory, &data, &size) != napi_ok)
    return NULL;
  /* Detached, it has no bytes. */
  return size == slab->size ? data : NULL;
}

char *uvnet_slab_room(struct uvnet_env *env, struct uvnet_slab *slab,
                      size_t wanted, size_t size, size_t *room) {
  char *memory = current_memory(env->napi, slab, wanted);

  if (memory == NULL)
    memory = new_memory(env->napi, slab, size);
  if (memory == NULL)
    return NULL;
  *room = slab->size - slab->used;
  return memory + slab->used;
}

int32_t uvnet_slab_take(struct uvnet_slab *slab, size_t length) {
  size_t offset = slab->used;

  slab->used = uvnet_slab_align(offset + length);
  return (int32_t)offset;
}
