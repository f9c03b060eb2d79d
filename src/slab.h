/* The ArrayBuffers that chunks are cut from. */
#ifndef UVNET_SLAB_H
#define UVNET_SLAB_H

#include <stddef.h>
#include <stdint.h>

#include "env.h"

/* Memory for `wanted` bytes or more in the slab; `room` receives how much there
 * is. A slab that has less left is changed for a new one of `size` bytes, which
 * is at least `wanted`. Nothing is taken until uvnet_slab_take(). NULL if there
 * is no memory. The pointer is good until JavaScript runs. Needs an open handle
 * scope. */
char *uvnet_slab_room(struct uvnet_env *env, struct uvnet_slab *slab,
                      size_t wanted, size_t size, size_t *room);

/* Takes `length` bytes of that memory. Returns their offset in the slab. */
int32_t uvnet_slab_take(struct uvnet_slab *slab, size_t length);

/* `length` rounded up so that a user may lay any typed array over a chunk that
 * starts there. */
size_t uvnet_slab_align(size_t length);

#endif
