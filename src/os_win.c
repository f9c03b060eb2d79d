#include "os.h"

#include <uv.h>

int uvnet_os_duplicate(int fd) {
  (void)fd;
  return UV_ENOTSUP;
}
