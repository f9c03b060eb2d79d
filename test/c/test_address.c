#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "check.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* The text in memory of exactly its size, so that reading past it shows. */
static char *exact(const char *text, size_t length) {
  char *copy = malloc(length == 0 ? 1 : length);

  if (copy == NULL)
    abort();
  memcpy(copy, text, length);
  return copy;
}

static int is_ip(const char *text, size_t length) {
  char *copy = exact(text, length);
  int family = uvnet_is_ip(copy, length);

  free(copy);
  return family;
}

static const struct {
  int family;
  const char *text;
} is_ip_table[] = {
    {4, "0.0.0.0"},
    {4, "127.0.0.1"},
    {4, "255.255.255.255"},
    {0, ""},
    {0, "1"},
    {0, "1.2.3"},
    {0, "1.2.3."},
    {0, "1.2.3.4."},
    {0, ".1.2.3.4"},
    {0, "1..2.3.4"},
    {0, "1.2.3.4.5"},
    {0, "1.2.3.256"},
    {0, "1.2.3.1000"},
    {0, "01.2.3.4"},
    {0, "1.2.3.00"},
    {0, "1.2.3.4 "},
    {0, " 1.2.3.4"},
    {0, "1.2.3.4\n"},
    {0, "0x1.2.3.4"},
    {0, "1.2.3.-4"},
    {0, "1.2.3.4%eth0"},
    {0, "localhost"},
    {6, "::"},
    {6, "::1"},
    {6, "1::"},
    {6, "1:2:3:4:5:6:7:8"},
    {6, "1:2:3:4:5:6:7::"},
    {6, "::2:3:4:5:6:7:8"},
    {6, "A:b::C:D"},
    {6, "0000:0000:0000:0000:0000:0000:0000:0000"},
    {6, "::1.2.3.4"},
    {6, "::ffff:1.2.3.4"},
    {6, "1:2:3:4:5:6:1.2.3.4"},
    {6, "1:2:3:4:5::1.2.3.4"},
    {6, "::2:3:4:5:6:1.2.3.4"},
    {0, ":"},
    {0, ":::"},
    {0, "1:"},
    {0, ":1"},
    {0, "::1:"},
    {0, ":1::"},
    {0, "1::2::3"},
    {0, "1:::2"},
    {0, "1:2:3:4:5:6:7"},
    {0, "12345::"},
    {0, "::00001"},
    {0, "::g"},
    {0, "1:2:3:4:5:6:7:8:9"},
    {0, "1:2:3:4:5:6:7:8::"},
    {0, "::1:2:3:4:5:6:7:8"},
    {0, "1:2:3:4::5:6:7:8"},
    {0, "1:2:3:4:5:6::1.2.3.4"},
    {0, "1:2:3:4:5:6:7:1.2.3.4"},
    {0, "::1.2.3"},
    {0, "::1.2.3.04"},
    {0, "::1.2.3.4:5"},
    {0, "1.2.3.4::"},
    {0, "::a.2.3.4"},
    {6, "::1%0"},
    {6, "fe80::1%eth0"},
    {6, "::1%a.b:c-D"},
    {6, "::1.2.3.4%e"},
    {6, "::%1"},
    {0, "::1%"},
    {0, "::1%%"},
    {0, "::1%a%b"},
    {0, "::1%a_b"},
    {0, "::1%a/"},
    {0, "::1%a\n"},
    {0, "%1"},
    {0, "::1%\xc3\xa9"},
};

static void test_is_ip_table(void) {
  size_t i;

  for (i = 0; i < LENGTH(is_ip_table); i++)
    CHECK(is_ip(is_ip_table[i].text, strlen(is_ip_table[i].text)) ==
              is_ip_table[i].family,
          is_ip_table[i].text);
  CHECK(is_ip("1.2.3.4\0", 8) == 0, "NUL behind IPv4");
  CHECK(is_ip("::1\0", 4) == 0, "NUL behind IPv6");
  CHECK(is_ip("::1%a\0b", 7) == 0, "NUL in the zone");
}

static void test_long_text(void) {
  static char text[100000];

  memset(text, 'a', sizeof(text));
  CHECK(is_ip(text, sizeof(text)) == 0, "long name");
  memcpy(text, "::1%", 4);
  CHECK(is_ip(text, sizeof(text)) == 6, "long zone");
}

static void test_ip_parse(void) {
  static const uint8_t mapped[16] = {0, 0, 0,   0,   0, 0, 0, 0,
                                     0, 0, 255, 255, 1, 2, 3, 4};
  struct uvnet_ip ip;

  CHECK(uvnet_ip_parse("1.2.3.4", 7, 4, &ip) == 0, "IPv4");
  CHECK(ip.family == 4 && memcmp(ip.bytes, mapped, 16) == 0, "IPv4");
  CHECK(uvnet_ip_parse("::ffff:102:304", 14, 6, &ip) == 0, "mapped");
  CHECK(ip.family == 6 && memcmp(ip.bytes, mapped, 16) == 0, "mapped");
  CHECK(uvnet_ip_parse("1.2.3.4", 7, 6, &ip) == UV_EINVAL, "family");
  CHECK(uvnet_ip_parse("::1", 3, 4, &ip) == UV_EINVAL, "family");
  CHECK(uvnet_ip_parse("::1", 3, 5, &ip) == UV_EINVAL, "family 5");
  CHECK(uvnet_ip_parse("", 0, 4, &ip) == UV_EINVAL, "empty");
  CHECK(uvnet_ip_parse("", 0, 6, &ip) == UV_EINVAL, "empty");
  /* Comparing takes any zone, even one that is no name. */
  CHECK(uvnet_ip_parse("::1%", 4, 6, &ip) == 0, "::1%");
  CHECK(uvnet_ip_parse("::1%\n", 5, 6, &ip) == 0, "::1%\\n");
  CHECK(ip.bytes[15] == 1, "::1%\\n");
}

static unsigned int zone_seven(const char *name) {
  return strcmp(name, "zone7") == 0 ? 7 : 0;
}

/* The length of the name, so that it shows what was asked for. */
static unsigned int zone_any(const char *name) {
  return (unsigned int)strlen(name);
}

static int name_seven(unsigned int index, char *name, size_t *size) {
  if (index != 7)
    return UV_ENXIO;
  if (*size < sizeof("zone7"))
    return UV_ENOBUFS;
  memcpy(name, "zone7", sizeof("zone7"));
  *size = 5;
  return 0;
}

/* Writes an interface name of the greatest length. */
static int name_longest(unsigned int index, char *name, size_t *size) {
  (void)index;
  memset(name, 'z', *size - 1);
  name[*size - 1] = '\0';
  *size -= 1;
  return 0;
}

/* Whether `text` is understood and written back as `expected`. */
static bool formats_as(const char *text, const char *expected) {
  struct sockaddr_storage address;
  char result[UVNET_ADDRESS_SIZE];
  size_t size = sizeof(result);
  char *copy = exact(text, strlen(text));
  int error, port, family;

  error = uvnet_address_parse(copy, strlen(text), 65535, zone_seven, &address);
  free(copy);
  if (error != 0)
    return false;
  if (uvnet_address_format((struct sockaddr *)&address, name_seven, result,
                           &size, &port, &family) != 0)
    return false;
  return strcmp(result, expected) == 0 && size == strlen(expected) &&
         port == 65535 && family == uvnet_is_ip(text, strlen(text));
}

static void test_format_table(void) {
  static const char *table[][2] = {
      {"0.0.0.0", "0.0.0.0"},
      {"255.10.9.100", "255.10.9.100"},
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"::FFFF", "::ffff"},
      {"0:0:0:0:0:0:0:1", "::1"},
      {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
      {"ABCD:0ef0::0001", "abcd:ef0::1"},
      /* One zero group stays; of equal runs the first is shortened. */
      {"1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"},
      {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"1:0:0:2:3:4:0:0", "1::2:3:4:0:0"},
      {"1:0:0:2:0:0:0:3", "1:0:0:2::3"},
      {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
      {"::1.2.3.4", "::1.2.3.4"},
      {"::1:2", "::0.1.0.2"},
      {"::ffff:102:304", "::ffff:1.2.3.4"},
      {"::ffff:0.0.0.0", "::ffff:0.0.0.0"},
      {"::0:1:2.3.4.5", "::1:203:405"},
      {"::fffe:1.2.3.4", "::fffe:102:304"},
      {"1::ffff:1.2.3.4", "1::ffff:102:304"},
      {"64:ff9b::1.2.3.4", "64:ff9b::102:304"},
      /* A zone is shown where it means something and is known. */
      {"fe80::1%zone7", "fe80::1%zone7"},
      {"febf::1%zone7", "febf::1%zone7"},
      {"fec0::1%zone7", "fec0::1"},
      {"::1%zone7", "::1"},
      {"fe80::1", "fe80::1"},
      {"fe80::1%other", "fe80::1"},
      {"fe80::1%7", "fe80::1"},
  };
  size_t i;

  for (i = 0; i < LENGTH(table); i++)
    CHECK(formats_as(table[i][0], table[i][1]), table[i][0]);
}

static void test_parse_fields(void) {
  struct sockaddr_storage address;
  const struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&address;
  char zone[200] = "fe80::1%";

  memset(&address, 0xff, sizeof(address));
  CHECK(uvnet_address_parse("::1", 3, 80, NULL, &address) == 0, "::1");
  CHECK(in6->sin6_family == AF_INET6 && in6->sin6_port == htons(80), "::1");
  CHECK(in6->sin6_flowinfo == 0 && in6->sin6_scope_id == 0, "::1");
  CHECK(uvnet_address_parse("fe80::1%zone7", 13, 0, zone_seven, &address) == 0,
        "zone");
  CHECK(in6->sin6_scope_id == 7, "zone");
  CHECK(uvnet_address_parse("fe80::1%zone7", 13, 0, NULL, &address) == 0,
        "no lookup");
  CHECK(in6->sin6_scope_id == 0, "no lookup");
  memset(zone + 8, 'z', sizeof(zone) - 9);
  CHECK(uvnet_address_parse(zone, strlen(zone), 0, zone_seven, &address) == 0,
        "long zone");
  CHECK(in6->sin6_scope_id == 0, "long zone");
  /* One character too many for an interface name with its NUL. */
  CHECK(uvnet_address_parse(zone, 8 + UV_IF_NAMESIZE, 0, zone_any, &address) ==
            0,
        "zone too long by one");
  CHECK(in6->sin6_scope_id == 0, "zone too long by one");
  CHECK(uvnet_address_parse(zone, 7 + UV_IF_NAMESIZE, 0, zone_any, &address) ==
            0,
        "longest zone");
  CHECK(in6->sin6_scope_id == UV_IF_NAMESIZE - 1, "longest zone");
  CHECK(uvnet_address_parse("::1%", 4, 0, zone_seven, &address) == UV_EINVAL,
        "::1%");
  CHECK(uvnet_address_parse("name", 4, 0, NULL, &address) == UV_EINVAL, "name");
  CHECK(uvnet_address_parse("", 0, 0, NULL, &address) == UV_EINVAL, "empty");
}

static void test_format_limits(void) {
  struct sockaddr_storage address;
  const struct sockaddr *any = (struct sockaddr *)&address;
  const char *longest = "fe80:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
  char text[UVNET_ADDRESS_SIZE];
  size_t size;
  int port, family;

  CHECK(uvnet_address_parse("1.2.3.4", 7, 1, NULL, &address) == 0, "IPv4");
  size = 8;
  CHECK(uvnet_address_format(any, NULL, text, &size, &port, &family) == 0,
        "just enough room");
  CHECK(size == 7 && strcmp(text, "1.2.3.4") == 0, text);
  size = 7;
  CHECK(uvnet_address_format(any, NULL, text, &size, &port, &family) ==
            UV_ENOSPC,
        "no room for the NUL");
  size = 0;
  CHECK(uvnet_address_format(any, NULL, text, &size, &port, &family) ==
            UV_ENOSPC,
        "no room");
  CHECK(uvnet_address_parse(longest, strlen(longest), 1, NULL, &address) == 0,
        longest);
  size = sizeof(text);
  CHECK(uvnet_address_format(any, name_longest, text, &size, &port, &family) ==
            0,
        "longest");
  CHECK(size == strlen(longest) + UV_IF_NAMESIZE && strlen(text) == size, text);
  memset(&address, 0, sizeof(address));
  address.ss_family = AF_UNIX;
  size = sizeof(text);
  CHECK(uvnet_address_format(any, NULL, text, &size, &port, &family) ==
            UV_EINVAL,
        "AF_UNIX");
}

/* Random bytes, with many zero groups and many mapped addresses. */
static void random_ip6(uint8_t bytes[16]) {
  size_t i;

  for (i = 0; i < 16; i++)
    bytes[i] = (uint8_t)random_below(256);
  for (i = 0; i < 8; i++) {
    if (random_below(2) == 0)
      bytes[2 * i] = bytes[2 * i + 1] = 0;
  }
  if (random_below(4) == 0)
    memset(bytes, 0, 10 + random_below(3));
  if (random_below(4) == 0)
    bytes[10] = bytes[11] = 0xff;
}

static void test_round_trip(void) {
  struct sockaddr_storage address, again;
  struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&address;
  char text[UVNET_ADDRESS_SIZE];
  size_t size;
  int i, port, family;

  for (i = 0; i < 20000; i++) {
    memset(&address, 0, sizeof(address));
    in6->sin6_family = AF_INET6;
    in6->sin6_port = (in_port_t)random_below(65536);
    random_ip6(in6->sin6_addr.s6_addr);
    size = sizeof(text);
    CHECK(uvnet_address_format((struct sockaddr *)&address, NULL, text, &size,
                               &port, &family) == 0 &&
              family == 6,
          "format");
    CHECK(uvnet_address_parse(text, size, (uint16_t)port, NULL, &again) == 0 &&
              memcmp(&address, &again, sizeof(again)) == 0,
          text);
#ifdef __GLIBC__
    char expected[INET6_ADDRSTRLEN];
    CHECK(strcmp(text, inet_ntop(AF_INET6, &in6->sin6_addr, expected,
                                 sizeof(expected))) == 0,
          text);
#endif
  }
}

#ifdef __GLIBC__
/* Addresses with a few characters changed, judged by inet_pton() as well. */
static void test_mutations(void) {
  static const char alphabet[] = "0123456789abfF:::..g";
  static const char *seeds[] = {
      "1.2.3.4",        "255.255.255.255",     "::",       "1:2:3:4:5:6:7:8",
      "::ffff:1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "fe80::a:b"};
  char text[INET6_ADDRSTRLEN];
  uint8_t expected[16];
  struct uvnet_ip ip;
  size_t length;
  int i, n;

  for (i = 0; i < 50000; i++) {
    (void)strcpy(text, seeds[random_below(LENGTH(seeds))]);
    length = strlen(text);
    for (n = (int)random_below(4); n >= 0; n--) {
      size_t at = random_below((uint32_t)length + 1);
      bool insert = at == length || random_below(2) == 0;
      if (insert && length + 1 < sizeof(text))
        memmove(text + at + 1, text + at, ++length - at);
      if (at < length)
        text[at] = alphabet[random_below(sizeof(alphabet) - 1)];
    }
    text[length] = '\0';
    n = uvnet_ip_parse(text, length, 4, &ip);
    CHECK((n == 0) == (inet_pton(AF_INET, text, expected) == 1), text);
    CHECK(n != 0 || memcmp(ip.bytes + 12, expected, 4) == 0, text);
    n = uvnet_ip_parse(text, length, 6, &ip);
    CHECK((n == 0) == (inet_pton(AF_INET6, text, expected) == 1), text);
    CHECK(n != 0 || memcmp(ip.bytes, expected, 16) == 0, text);
  }
}
#endif

void test_address(void) {
  test_is_ip_table();
  test_long_text();
  test_ip_parse();
  test_format_table();
  test_parse_fields();
  test_format_limits();
  test_round_trip();
#ifdef __GLIBC__
  test_mutations();
#endif
}
