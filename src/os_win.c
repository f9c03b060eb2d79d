#include "os.h"

#include <stdlib.h>
#include <uv.h>

int uvnet_os_duplicate(int fd) {
  (void)fd;
  return UV_ENOTSUP;
}

unsigned int uvnet_os_zone_index(const char *zone) {
  return (unsigned int)strtoul(zone, NULL, 10);
}
