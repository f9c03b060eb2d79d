/* Texts of addresses: what is taken for one, and whether its parsed form comes
 * back. The system's inet_pton() is the oracle where it knows the text. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "fuzz.h"

static unsigned int zone_index(const char *zone) {
  return zone[0] == 'e' ? 7 : 0;
}

static int zone_name(unsigned int index, char *name, size_t *size) {
  if (index != 7 || *size < 5)
    return UV_ENXIO;
  memcpy(name, "eth0", 5);
  *size = 4;
  return 0;
}

/* Parsed, an address can be written, and its text means the same. */
static void check_round_trip(const char *text, size_t length) {
  struct sockaddr_storage address;
  struct sockaddr_storage again;
  char out[UVNET_ADDRESS_SIZE];
  size_t size = sizeof(out);
  int port = 0;
  int family = 0;

  if (uvnet_address_parse(text, length, 4711, zone_index, &address) != 0)
    return;
  CHECK(uvnet_address_format((struct sockaddr *)&address, zone_name, out, &size,
                             &port, &family) == 0);
  CHECK(port == 4711 && strlen(out) == size);
  CHECK(uvnet_is_ip(out, size) == family);
  CHECK(uvnet_address_parse(out, size, 4711, zone_index, &again) == 0);
  if (family == 4)
    CHECK(memcmp(&((struct sockaddr_in *)&address)->sin_addr,
                 &((struct sockaddr_in *)&again)->sin_addr, 4) == 0);
  else
    CHECK(memcmp(&((struct sockaddr_in6 *)&address)->sin6_addr,
                 &((struct sockaddr_in6 *)&again)->sin6_addr, 16) == 0);
  size = length % 48;
  (void)uvnet_address_format((struct sockaddr *)&address, zone_name, out, &size,
                             &port, &family);
}

static void check_oracle(const char *text, size_t length, int family) {
  struct uvnet_ip ip;
  unsigned char bytes[16];
  char copy[128];

  if (length >= sizeof(copy) || memchr(text, 0, length) != NULL ||
      memchr(text, '%', length) != NULL)
    return;
  memcpy(copy, text, length);
  copy[length] = '\0';
  CHECK((inet_pton(AF_INET, copy, bytes) == 1) == (family == 4));
  if (family == 4) {
    CHECK(uvnet_ip_parse(text, length, 4, &ip) == 0);
    CHECK(memcmp(ip.bytes + 12, bytes, 4) == 0);
  }
  CHECK((inet_pton(AF_INET6, copy, bytes) == 1) == (family == 6));
  if (family == 6) {
    CHECK(uvnet_ip_parse(text, length, 6, &ip) == 0);
    CHECK(memcmp(ip.bytes, bytes, 16) == 0);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length) {
  /* A copy of its own, so that one byte too far is found. */
  char *text = malloc(length == 0 ? 1 : length);
  struct uvnet_ip ip;
  int family;

  memcpy(text, data, length);
  family = uvnet_is_ip(text, length);
  CHECK(family == 0 || family == 4 || family == 6);
  CHECK((uvnet_ip_parse(text, length, 4, &ip) == 0) == (family == 4));
  (void)uvnet_ip_parse(text, length, 6, &ip);
  (void)uvnet_ip_parse(text, length, 5, &ip);
  check_oracle(text, length, family);
  check_round_trip(text, length);
  free(text);
  return 0;
}
