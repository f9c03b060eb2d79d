#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <uv.h>

int uvnet_os_duplicate(int fd) {
  int copy;

  do
    copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  while (copy < 0 && errno == EINTR);
  return copy < 0 ? uv_translate_sys_error(errno) : copy;
}

unsigned int uvnet_os_zone_index(const char *zone) {
  return if_nametoindex(zone);
}
