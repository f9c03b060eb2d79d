/* What neither C11 nor libuv offers on every system: one file for POSIX, one
 * for Windows. */
#ifndef UVNET_OS_H
#define UVNET_OS_H

/* A second descriptor for what `fd` refers to, closed on exec. Returns it, or a
 * negative libuv error; UV_ENOTSUP where sockets are no descriptors. */
int uvnet_os_duplicate(int fd);

/* The index of the network interface that an IPv6 zone (RFC 4007) names, or 0
 * if there is none. On Windows a zone is that number itself. */
unsigned int uvnet_os_zone_index(const char *zone);

#endif
