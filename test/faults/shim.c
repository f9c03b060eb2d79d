/* Makes single system calls and allocations fail, for test/faults: loaded with
 * LD_PRELOAD, told what to do by a page of memory that it shares with a file.
 * UVNET_FAULTS names the file; page.js has the same layout.
 *
 * It knows stream sockets alone, by where they come from, and counts calls of
 * the main thread alone; all others pass. Linux with glibc. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* What may fail. */
enum call {
  CALL_NONE,
  CALL_SOCKET,
  CALL_BIND,
  CALL_LISTEN,
  CALL_ACCEPT,
  CALL_CONNECT,
  CALL_READ,
  CALL_WRITE,
  CALL_SHUTDOWN,
  CALL_CLOSE,
  CALL_EPOLL,
  CALL_GETNAME,
  CALL_SETOPTION,
  CALL_MALLOC,
  CALL_COUNT
};

/* What a descriptor is; calls are counted for each. */
enum role {
  ROLE_UNKNOWN,
  ROLE_FRESH,
  ROLE_LISTENER,
  ROLE_CLIENT,
  ROLE_ACCEPTED,
  ROLE_COUNT
};

/* In the place of an errno. */
enum { ONE_BYTE = -1 };

enum { DESCRIPTORS = 4096 };

struct page {
  /* New sockets get roles. */
  int32_t watching;
  /* Calls count, and may fail. */
  int32_t armed;
  int32_t call;
  int32_t role;
  /* The first call that fails, counted from 1, and whether all after it do. */
  int32_t nth;
  int32_t keeps_failing;
  int32_t error;
  /* What the call after it fails with, or 0. */
  int32_t next_error;
  /* How many have failed. */
  int32_t hits;
  int32_t counts[CALL_COUNT][ROLE_COUNT];
};

/* Before it is mapped nothing is watched. */
static struct page nothing;
static struct page *volatile page = &nothing;
static unsigned char roles[DESCRIPTORS];

/* Where the addon's code is. */
static uintptr_t addon_start;
static uintptr_t addon_end;

static __thread int thread_kind __attribute__((tls_model("initial-exec")));

static void *find(const char *name) { return dlsym(RTLD_NEXT, name); }

/* The next definition of a function, which is libc's. */
#define REAL(name) __typeof__(&name) real = (__typeof__(&name))find(#name)

__attribute__((constructor)) static void map_page(void) {
  const char *file = getenv("UVNET_FAULTS");
  int fd = file == NULL ? -1 : open(file, O_RDWR | O_CLOEXEC);
  void *memory;

  if (fd < 0)
    return;
  memory = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED,
                fd, 0);
  (void)syscall(SYS_close, fd);
  if (memory != MAP_FAILED)
    page = memory;
}

static bool on_main_thread(void) {
  enum { IS_MAIN = 1, IS_OTHER = 2 };

  if (thread_kind == 0)
    thread_kind = syscall(SYS_gettid) == getpid() ? IS_MAIN : IS_OTHER;
  return thread_kind == IS_MAIN;
}

static enum role role_of(int fd) {
  return fd >= 0 && fd < DESCRIPTORS ? roles[fd] : ROLE_UNKNOWN;
}

static void set_role(int fd, enum role role) {
  if (fd >= 0 && fd < DESCRIPTORS)
    roles[fd] = (unsigned char)role;
}

/* Counts one call. What it fails with; 0 if it does not. */
static int32_t error_of(enum call call, enum role role) {
  struct page *plan = page;
  int32_t count;
  int32_t error = 0;

  if (plan->armed == 0 || !on_main_thread())
    return 0;
  count = ++plan->counts[call][role];
  if (plan->call != (int32_t)call || plan->role != (int32_t)role)
    return 0;
  if (count == plan->nth || (count > plan->nth && plan->keeps_failing))
    error = plan->error;
  else if (count == plan->nth + 1)
    error = plan->next_error;
  if (error != 0)
    plan->hits++;
  return error;
}

/* As error_of(), for a call on a descriptor; -1 becomes the result. */
static bool fails(enum call call, int fd) {
  enum role role = role_of(fd);
  int32_t error = role == ROLE_UNKNOWN ? 0 : error_of(call, role);

  if (error == 0)
    return false;
  errno = error;
  return true;
}

/* As fails(), for a call that moves bytes: `length` may become 1 instead. */
static bool fails_or_cuts(enum call call, int fd, size_t *length) {
  if (!fails(call, fd))
    return false;
  if (errno != ONE_BYTE)
    return true;
  if (*length > 1)
    *length = 1;
  return false;
}

/* One byte of the first vector that has any, in the place of `vectors`. */
static void cut(const struct iovec **vectors, int *count, struct iovec *one) {
  int i;

  for (i = 0; i < *count; i++) {
    if ((*vectors)[i].iov_len == 0)
      continue;
    one->iov_base = (*vectors)[i].iov_base;
    one->iov_len = 1;
    *vectors = one;
    *count = 1;
    return;
  }
}

int socket(int domain, int type, int protocol) {
  REAL(socket);
  int32_t error;
  int fd;

  if (page->watching == 0 || (type & 0xf) != SOCK_STREAM || !on_main_thread())
    return real(domain, type, protocol);
  error = error_of(CALL_SOCKET, ROLE_FRESH);
  if (error != 0) {
    errno = error;
    return -1;
  }
  fd = real(domain, type, protocol);
  set_role(fd, ROLE_FRESH);
  return fd;
}

int bind(int fd, const struct sockaddr *address, socklen_t length) {
  REAL(bind);

  return fails(CALL_BIND, fd) ? -1 : real(fd, address, length);
}

int listen(int fd, int backlog) {
  REAL(listen);

  if (fails(CALL_LISTEN, fd))
    return -1;
  if (role_of(fd) != ROLE_UNKNOWN)
    set_role(fd, ROLE_LISTENER);
  return real(fd, backlog);
}

int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags) {
  REAL(accept4);
  int accepted;

  if (fails(CALL_ACCEPT, fd))
    return -1;
  accepted = real(fd, address, length, flags);
  if (role_of(fd) != ROLE_UNKNOWN)
    set_role(accepted, ROLE_ACCEPTED);
  return accepted;
}

int connect(int fd, const struct sockaddr *address, socklen_t length) {
  REAL(connect);

  if (role_of(fd) == ROLE_FRESH)
    set_role(fd, ROLE_CLIENT);
  return fails(CALL_CONNECT, fd) ? -1 : real(fd, address, length);
}

ssize_t read(int fd, void *data, size_t length) {
  REAL(read);

  return fails_or_cuts(CALL_READ, fd, &length) ? -1 : real(fd, data, length);
}

ssize_t recv(int fd, void *data, size_t length, int flags) {
  REAL(recv);

  return fails_or_cuts(CALL_READ, fd, &length) ? -1
                                               : real(fd, data, length, flags);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags) {
  REAL(recvmsg);

  if (fails(CALL_READ, fd) && errno != ONE_BYTE)
    return -1;
  return real(fd, message, flags);
}

ssize_t write(int fd, const void *data, size_t length) {
  REAL(write);

  return fails_or_cuts(CALL_WRITE, fd, &length) ? -1 : real(fd, data, length);
}

ssize_t send(int fd, const void *data, size_t length, int flags) {
  REAL(send);

  return fails_or_cuts(CALL_WRITE, fd, &length) ? -1
                                                : real(fd, data, length, flags);
}

ssize_t writev(int fd, const struct iovec *vectors, int count) {
  REAL(writev);
  size_t length = 2;
  struct iovec one;

  if (fails_or_cuts(CALL_WRITE, fd, &length))
    return -1;
  if (length == 1)
    cut(&vectors, &count, &one);
  return real(fd, vectors, count);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  REAL(sendmsg);
  struct msghdr copy = *message;
  const struct iovec *vectors = copy.msg_iov;
  int count = (int)copy.msg_iovlen;
  size_t length = 2;
  struct iovec one;

  if (fails_or_cuts(CALL_WRITE, fd, &length))
    return -1;
  if (length == 1)
    cut(&vectors, &count, &one);
  copy.msg_iov = (struct iovec *)vectors;
  copy.msg_iovlen = (size_t)count;
  return real(fd, &copy, flags);
}

int shutdown(int fd, int how) {
  REAL(shutdown);

  return fails(CALL_SHUTDOWN, fd) ? -1 : real(fd, how);
}

/* The kernel lets go of a descriptor also where close(2) fails. */
int close(int fd) {
  REAL(close);
  bool failing = fails(CALL_CLOSE, fd);
  int error = errno;
  int result;

  set_role(fd, ROLE_UNKNOWN);
  result = real(fd);
  if (!failing)
    return result;
  errno = error;
  return -1;
}

int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event) {
  REAL(epoll_ctl);

  return fails(CALL_EPOLL, fd) ? -1 : real(epoll, operation, fd, event);
}

int getsockname(int fd, struct sockaddr *address, socklen_t *length) {
  REAL(getsockname);

  return fails(CALL_GETNAME, fd) ? -1 : real(fd, address, length);
}

int getpeername(int fd, struct sockaddr *address, socklen_t *length) {
  REAL(getpeername);

  return fails(CALL_GETNAME, fd) ? -1 : real(fd, address, length);
}

int setsockopt(int fd, int level, int name, const void *value,
               socklen_t length) {
  REAL(setsockopt);

  return fails(CALL_SETOPTION, fd) ? -1 : real(fd, level, name, value, length);
}

/* libuv closes descriptors this way. */
long syscall(long number, ...) {
  static __typeof__(&syscall) real;
  va_list list;
  long a[6];
  int i;

  va_start(list, number);
  for (i = 0; i < 6; i++)
    a[i] = va_arg(list, long);
  va_end(list);
  if (number == SYS_close && role_of((int)a[0]) != ROLE_UNKNOWN)
    return close((int)a[0]);
  if (real == NULL)
    real = (__typeof__(&syscall))find("syscall");
  return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);

static int look_for_addon(struct dl_phdr_info *info, size_t size, void *data) {
  static const char name[] = "/uvnet.node";
  size_t length = strlen(info->dlpi_name);
  int i;

  (void)size;
  (void)data;
  if (length < sizeof(name) ||
      strcmp(info->dlpi_name + length + 1 - sizeof(name), name) != 0)
    return 0;
  addon_start = info->dlpi_addr;
  for (i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &info->dlpi_phdr[i];
    uintptr_t end = info->dlpi_addr + part->p_vaddr + part->p_memsz;

    if (part->p_type == PT_LOAD && end > addon_end)
      addon_end = end;
  }
  return 1;
}

/* Whether an allocation that the addon's code asks for shall fail. */
static bool allocation_fails(const void *caller) {
  uintptr_t at = (uintptr_t)caller;

  if (page->armed == 0)
    return false;
  if (addon_end == 0)
    (void)dl_iterate_phdr(look_for_addon, NULL);
  return at >= addon_start && at < addon_end &&
         error_of(CALL_MALLOC, ROLE_UNKNOWN) != 0;
}

#define FAILS_HERE allocation_fails(__builtin_return_address(0))

static void *out_of_memory(void) {
  errno = ENOMEM;
  return NULL;
}

void *malloc(size_t size) {
  return FAILS_HERE ? out_of_memory() : __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  return FAILS_HERE ? out_of_memory() : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
  return FAILS_HERE ? out_of_memory() : __libc_realloc(memory, size);
}
