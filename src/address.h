/*
 * Socket addresses and their text. Pure functions: no N-API, no allocation,
 * no state, and nothing of libuv but its types and error numbers, so that
 * this file can be tested and fuzzed without Node.
 *
 * Text is a pointer and a length in bytes; it need not end in NUL, and a NUL
 * inside it makes it invalid. Errors are libuv's negative numbers.
 */
#ifndef UVNET_ADDRESS_H
#define UVNET_ADDRESS_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

/* The longest text uvnet_address_format() writes, with its NUL:
 * an IPv6 address with an IPv4 tail, '%' and an interface name. */
#define UVNET_ADDRESS_SIZE (46 + 1 + UV_IF_NAMESIZE)

/*
 * An IP address in the form in which addresses are compared: IPv4 addresses
 * are held as IPv4-mapped IPv6 ones (::ffff:a.b.c.d), `family` remembers
 * which they were. Bytes are in network order.
 */
struct uvnet_ip {
  uint8_t bytes[16];
  int family; /* 4 or 6 */
};

/*
 * Index of the network interface with a name, or 0 if there is none.
 * On Unix this is if_nametoindex(), on Windows the number in the text.
 */
typedef unsigned int (*uvnet_zone_index)(const char *name);

/*
 * Name of the network interface with an index; the contract of
 * uv_if_indextoname(): `*size` is the room in `name` and becomes the length
 * of what was written; 0 or a negative error.
 */
typedef int (*uvnet_zone_name)(unsigned int index, char *name, size_t *size);

/*
 * Tells which kind of IP address a text is: 4, 6, or 0 for neither.
 * IPv4 is four decimal numbers without leading zeros. IPv6 may have an IPv4
 * tail and a zone, `%` and one or more of [0-9A-Za-z.:-].
 */
int uvnet_is_ip(const char *text, size_t length);

/*
 * Reads an address of one family (4 or 6) for comparing. A zone on an IPv6
 * address is ignored, whatever it holds.
 * 0, or UV_EINVAL if the text is no such address.
 */
int uvnet_ip_parse(const char *text, size_t length, int family,
                   struct uvnet_ip *ip);

/*
 * Makes a socket address of a text as uvnet_is_ip() accepts it and a port
 * (host order). The zone of an IPv6 address becomes its scope id through
 * `zone_index`, which is asked only if there is a zone and may be NULL. An
 * unknown zone leaves the scope id 0, as libuv does: the system call that
 * gets the address then says what is wrong with it.
 * 0, or UV_EINVAL if the text is no IP address.
 */
int uvnet_address_parse(const char *text, size_t length, uint16_t port,
                        uvnet_zone_index zone_index,
                        struct sockaddr_storage *address);

/*
 * Writes the text of a socket address, NUL-terminated, into `text`; `*size`
 * is the room there and becomes the length without the NUL. Link-local IPv6
 * addresses get their zone if `zone_name` (may be NULL) knows it. `*port`
 * (host order) and `*family` (4 or 6) are set as well.
 * 0, UV_EINVAL for an address that is not IP, or UV_ENOSPC;
 * UVNET_ADDRESS_SIZE bytes are always enough.
 */
int uvnet_address_format(const struct sockaddr *address,
                         uvnet_zone_name zone_name, char *text, size_t *size,
                         int *port, int *family);

#endif
