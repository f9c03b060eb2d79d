#include "address.h"

#include <string.h>

#ifndef _WIN32
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#endif

/* "No '::' in this address", or no run of zero groups worth one. */
#define NO_GAP ((size_t)-1)

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0,    0,
                                          0, 0, 0, 0, 0xff, 0xff};

static int hex_value(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

/* One decimal number up to 255 without leading zeros: its length, or 0. */
static size_t read_octet(const char *text, size_t length, uint8_t *octet) {
  unsigned int value;
  size_t i;

  value = 0;
  for (i = 0; i < length && i < 3; i++) {
    if (text[i] < '0' || text[i] > '9')
      break;
    value = value * 10 + (unsigned int)(text[i] - '0');
  }
  if (i == 0 || value > 255 || (i > 1 && text[0] == '0'))
    return 0;
  *octet = (uint8_t)value;
  return i;
}

/* Up to four hexadecimal digits: how many there are, possibly none. */
static size_t read_group(const char *text, size_t length, uint8_t *group) {
  unsigned int value;
  size_t i;

  value = 0;
  for (i = 0; i < length && i < 4; i++) {
    int digit = hex_value(text[i]);
    if (digit < 0)
      break;
    value = value << 4 | (unsigned int)digit;
  }
  group[0] = (uint8_t)(value >> 8);
  group[1] = (uint8_t)(value & 0xff);
  return i;
}

static int parse_ip4(const char *text, size_t length, uint8_t bytes[4]) {
  size_t i;
  int part;

  i = 0;
  for (part = 0; part < 4; part++) {
    size_t n;

    if (part > 0 && (i == length || text[i++] != '.'))
      return UV_EINVAL;
    n = read_octet(text + i, length - i, &bytes[part]);
    if (n == 0)
      return UV_EINVAL;
    i += n;
  }
  return i == length ? 0 : UV_EINVAL;
}

/* Moves what follows the '::' to the end and fills the gap with zeros. */
static int expand_gap(uint8_t bytes[16], size_t used, size_t gap) {
  if (gap == NO_GAP)
    return used == 16 ? 0 : UV_EINVAL;
  /* A '::' stands for at least one group. */
  if (used == 16)
    return UV_EINVAL;
  memmove(bytes + 16 - (used - gap), bytes + gap, used - gap);
  memset(bytes + gap, 0, 16 - used);
  return 0;
}

/* An IPv6 address without a zone. */
static int parse_ip6(const char *text, size_t length, uint8_t bytes[16]) {
  uint8_t group[2];
  size_t i = 0;
  size_t used = 0;
  size_t gap = NO_GAP;

  if (length >= 2 && text[0] == ':' && text[1] == ':') {
    gap = 0;
    i = 2;
  }
  while (i < length) {
    size_t n = read_group(text + i, length - i, group);

    if (i + n < length && text[i + n] == '.') {
      if (used > 12 || parse_ip4(text + i, length - i, bytes + used))
        return UV_EINVAL;
      used += 4;
      break;
    }
    if (n == 0 || used == 16)
      return UV_EINVAL;
    memcpy(bytes + used, group, 2);
    used += 2;
    i += n;
    if (i == length)
      break;
    /* A colon has a group or a second colon after it. */
    if (text[i++] != ':' || i == length)
      return UV_EINVAL;
    if (text[i] == ':') {
      if (gap != NO_GAP)
        return UV_EINVAL;
      gap = used;
      i++;
    }
  }
  return expand_gap(bytes, used, gap);
}

/* How many bytes come before the zone's '%'; all of them without one. */
static size_t zone_start(const char *text, size_t length) {
  const char *percent;

  if (length == 0)
    return 0;
  percent = memchr(text, '%', length);
  return percent == NULL ? length : (size_t)(percent - text);
}

/* True for an empty text (no zone) and for '%' and a well-formed name. */
static int zone_ok(const char *text, size_t length) {
  size_t i;

  if (length == 1)
    return 0;
  for (i = 1; i < length; i++) {
    char c = text[i];

    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
          (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == ':'))
      return 0;
  }
  return 1;
}

int uvnet_is_ip(const char *text, size_t length) {
  uint8_t bytes[16];
  size_t end;

  if (parse_ip4(text, length, bytes) == 0)
    return 4;
  end = zone_start(text, length);
  if (parse_ip6(text, end, bytes) == 0 && zone_ok(text + end, length - end))
    return 6;
  return 0;
}

int uvnet_ip_parse(const char *text, size_t length, int family,
                   struct uvnet_ip *ip) {
  ip->family = family;
  if (family == 6)
    return parse_ip6(text, zone_start(text, length), ip->bytes);
  if (family != 4)
    return UV_EINVAL;
  memcpy(ip->bytes, mapped_prefix, sizeof(mapped_prefix));
  return parse_ip4(text, length, ip->bytes + sizeof(mapped_prefix));
}

/* The scope id for a zone's name, 0 if it has none. */
static unsigned int scope_of(const char *zone, size_t length,
                             uvnet_zone_index zone_index) {
  char name[UV_IF_NAMESIZE];

  /* A name that does not fit is the name of no interface. */
  if (length == 0 || length >= sizeof(name) || zone_index == NULL)
    return 0;
  memcpy(name, zone, length);
  name[length] = '\0';
  return zone_index(name);
}

int uvnet_address_parse(const char *text, size_t length, uint16_t port,
                        uvnet_zone_index zone_index,
                        struct sockaddr_storage *address) {
  struct sockaddr_in *in;
  struct sockaddr_in6 *in6;
  size_t end;

  memset(address, 0, sizeof(*address));
  in = (struct sockaddr_in *)address;
  in6 = (struct sockaddr_in6 *)address;
  switch (uvnet_is_ip(text, length)) {
  case 4:
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    return parse_ip4(text, length, (uint8_t *)&in->sin_addr);
  case 6:
    end = zone_start(text, length);
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(port);
    if (end < length)
      in6->sin6_scope_id =
          scope_of(text + end + 1, length - end - 1, zone_index);
    return parse_ip6(text, end, in6->sin6_addr.s6_addr);
  default:
    return UV_EINVAL;
  }
}

/* Writes a number without leading zeros; returns the end of it. */
static char *put_number(char *to, unsigned int value, unsigned int base) {
  static const char digits[] = "0123456789abcdef";
  char reversed[8];
  size_t n;

  n = 0;
  do {
    reversed[n++] = digits[value % base];
    value /= base;
  } while (value != 0);
  while (n > 0)
    *to++ = reversed[--n];
  return to;
}

static char *put_ip4(char *to, const uint8_t bytes[4]) {
  int part;

  for (part = 0; part < 4; part++) {
    if (part > 0)
      *to++ = '.';
    to = put_number(to, bytes[part], 10);
  }
  return to;
}

/* The first of the longest runs of two or more zero groups. */
static void find_gap(const uint8_t bytes[16], size_t *gap, size_t *groups) {
  size_t i;
  size_t run;

  *gap = NO_GAP;
  *groups = 1;
  run = 0;
  for (i = 0; i < 8; i++) {
    run = bytes[2 * i] == 0 && bytes[2 * i + 1] == 0 ? run + 1 : 0;
    if (run > *groups) {
      *groups = run;
      *gap = i + 1 - run;
    }
  }
}

/*
 * RFC 5952, and as inet_ntop() does it: mapped addresses and the obsolete
 * IPv4-compatible ones (::a.b.c.d) have their last 32 bits in dotted form.
 */
static char *put_ip6(char *to, const uint8_t bytes[16]) {
  size_t gap;
  size_t groups;
  size_t i;

  find_gap(bytes, &gap, &groups);
  for (i = 0; i < 8; i++) {
    if (i == gap) {
      *to++ = ':';
      i += groups - 1;
      if (i == 7)
        *to++ = ':';
      continue;
    }
    if (i > 0)
      *to++ = ':';
    if (i == 6 && gap == 0 &&
        (groups == 6 ||
         (groups == 5 && bytes[10] == 0xff && bytes[11] == 0xff)))
      return put_ip4(to, bytes + 12);
    to = put_number(to, (unsigned int)bytes[2 * i] << 8 | bytes[2 * i + 1], 16);
  }
  return to;
}

/*
 * Only link-local addresses (fe80::/10) get a zone: the others mean the same
 * on every interface. One without a name is left out.
 */
static char *put_zone(char *to, const struct sockaddr_in6 *in6,
                      uvnet_zone_name zone_name) {
  const uint8_t *bytes;
  size_t size;

  bytes = in6->sin6_addr.s6_addr;
  if (bytes[0] != 0xfe || (bytes[1] & 0xc0) != 0x80 || zone_name == NULL)
    return to;
  size = UV_IF_NAMESIZE;
  if (zone_name((unsigned int)in6->sin6_scope_id, to + 1, &size) != 0)
    return to;
  *to = '%';
  return to + 1 + size;
}

int uvnet_address_format(const struct sockaddr *address,
                         uvnet_zone_name zone_name, char *text, size_t *size,
                         int *port, int *family) {
  char whole[UVNET_ADDRESS_SIZE];
  const struct sockaddr_in *in;
  const struct sockaddr_in6 *in6;
  size_t length;
  char *end;

  in = (const struct sockaddr_in *)address;
  in6 = (const struct sockaddr_in6 *)address;
  if (address->sa_family == AF_INET) {
    end = put_ip4(whole, (const uint8_t *)&in->sin_addr);
    *port = ntohs(in->sin_port);
    *family = 4;
  } else if (address->sa_family == AF_INET6) {
    end = put_ip6(whole, in6->sin6_addr.s6_addr);
    end = put_zone(end, in6, zone_name);
    *port = ntohs(in6->sin6_port);
    *family = 6;
  } else {
    return UV_EINVAL;
  }
  length = (size_t)(end - whole);
  if (length >= *size)
    return UV_ENOSPC;
  memcpy(text, whole, length);
  text[length] = '\0';
  *size = length;
  return 0;
}
