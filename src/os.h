/* What neither C11 nor libuv offers on every system: one file for POSIX, one
 * for Windows. */
#ifndef UVNET_OS_H
#define UVNET_OS_H

/* A second descriptor for what `fd` refers to, closed on exec. Returns it, or a
 * negative libuv error; UV_ENOTSUP where sockets are no descriptors. */
int uvnet_os_duplicate(int fd);

/* Whether a read holds the buffer that on_alloc gave until data comes, which
 * may be much later. On Unix libuv asks for it when it is about to read. */
#ifdef _WIN32
enum { UVNET_OS_READS_PEND = 1 };
#else
enum { UVNET_OS_READS_PEND = 0 };
#endif

/* The index of the network interface that an IPv6 zone (RFC 4007) names, or 0
 * if there is none. On Windows a zone is that number itself. */
unsigned int uvnet_os_zone_index(const char *zone);

#endif
