/* What neither C11 nor libuv offers on every system: one file for POSIX, one
 * for Windows. */
#ifndef UVNET_OS_H
#define UVNET_OS_H

#include <stdbool.h>
#include <uv.h>

/* A second descriptor for what `fd` refers to, closed on exec. Returns it, or a
 * negative libuv error; UV_ENOTSUP where sockets are no descriptors. */
int uvnet_os_duplicate(int fd);

/* The descriptor that JavaScript sees, or -1 where what libuv has is none: a
 * SOCKET or HANDLE of Windows. */
int uvnet_os_descriptor(uv_os_fd_t fd);

/* Sends FIN: shutdown(2) with SHUT_WR. 0 or a negative libuv error; UV_ENOTSUP
 * where that is left to libuv. */
int uvnet_os_shutdown(uv_os_fd_t fd);

/* Sends what the kernel takes now (send(2), sendmsg(2)), which costs less than
 * write(2): a file has a position, and a lock on it. With `more` the bytes may
 * wait for those that follow, and share their segment (MSG_MORE). Bytes sent,
 * UV_EAGAIN if the kernel takes none, UV_ENOTSOCK, or another negative libuv
 * error; UV_ENOTSUP where that is left to libuv. */
int uvnet_os_send(uv_os_fd_t fd, const uv_buf_t *buffers, unsigned int count,
                  bool more);

/* Takes up to `length` bytes that have arrived at a socket, and never waits
 * (recv(2)). Bytes, 0 at the end, UV_EAGAIN if there are none, UV_ENOTSOCK, or
 * another negative libuv error; UV_ENOTSUP where that is left to libuv. */
int uvnet_os_receive(uv_os_fd_t fd, char *data, size_t length);

/* Bytes that have arrived at a socket or pipe and wait to be read (FIONREAD); 0
 * also at the end. A negative libuv error where that cannot be told. */
int uvnet_os_waiting(uv_os_fd_t fd);

/* Whether a socket or pipe has hung up (POLLHUP, poll(2)): nothing comes, and
 * nothing can be sent. */
bool uvnet_os_hung_up(uv_os_fd_t fd);

/* Takes a connection from a listening socket's queue: its descriptor,
 * non-blocking and closed on exec. UV_EAGAIN if there is none, another negative
 * libuv error, or UV_ENOTSUP where that is left to libuv. */
int uvnet_os_accept(uv_os_fd_t fd);

/* Closes the connection that libuv has accepted for a server, and that no
 * handle can be had for; inside of the server's callback. Without it libuv
 * would wait for uv_accept() and accept no other. */
void uvnet_os_drop_accepted(uv_stream_t *server);

/* Whether the loop is told that `fd`, which it watches for reading alone, is
 * ready. libuv does not know, and must not change what it watches meanwhile. 0
 * or a negative libuv error; UV_ENOTSUP where that cannot be done. */
int uvnet_os_watch(uv_loop_t *loop, uv_os_fd_t fd, bool enable);

/* Closes a descriptor. 0 or a negative libuv error. */
int uvnet_os_close(int fd);

/* Options of a connected socket; lib/options.js has the same numbers. */
enum uvnet_os_option {
  /* Seconds between two keep-alive probes. */
  UVNET_OS_KEEP_ALIVE_INTERVAL,
  /* Probes without an answer that end a connection. */
  UVNET_OS_KEEP_ALIVE_COUNT,
  /* IP_TOS, or with IPv6 the traffic class. */
  UVNET_OS_TYPE_OF_SERVICE
};

/* Each returns 0 or a negative libuv error: UV_EINVAL for what is none of
 * these, UV_ENOTSUP where there is no such option. */
int uvnet_os_set_option(uv_os_fd_t fd, enum uvnet_os_option option, int value);
int uvnet_os_get_option(uv_os_fd_t fd, enum uvnet_os_option option, int *value);

/* Whether a read holds the buffer that on_alloc gave until data comes, which
 * may be much later. On Unix libuv asks for it when it is about to read. */
#if defined(_WIN32) || defined(UVNET_AS_WINDOWS)
enum { UVNET_OS_READS_PEND = 1 };
#else
enum { UVNET_OS_READS_PEND = 0 };
#endif

/* Has malloc() keep what is freed at the end of its heap up to 48 MB, where it
 * would return it to the system from 128 KB on, to fault it in again soon. For
 * glibc alone, which does so by itself once the program has freed a block of
 * 24 MB, unless the user has set a threshold (M_MMAP_THRESHOLD, mallopt(3)). */
void uvnet_os_keep_freed_memory(void);

/* The index of the network interface that an IPv6 zone (RFC 4007) names, or 0
 * if there is none. On Windows a zone is that number itself. */
unsigned int uvnet_os_zone_index(const char *zone);

#endif
