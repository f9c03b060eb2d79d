#include <stdbool.h>
#include <string.h>

#include "blocklist.h"
#include "check.h"

static struct uvnet_ip ip(const char *text) {
  struct uvnet_ip result;
  int family = strchr(text, ':') == NULL ? 4 : 6;

  CHECK(uvnet_ip_parse(text, strlen(text), family, &result) == 0, text);
  return result;
}

static bool matches(const struct uvnet_rule *rule, const char *text) {
  struct uvnet_ip address = ip(text);

  return uvnet_blocklist_check(rule, 1, &address) == 1;
}

static void test_address_rule(void) {
  struct uvnet_rule rule;
  struct uvnet_ip address = ip("1.2.3.4");

  uvnet_rule_address(&rule, &address);
  CHECK(matches(&rule, "1.2.3.4"), "itself");
  CHECK(matches(&rule, "::ffff:1.2.3.4"), "mapped");
  CHECK(!matches(&rule, "::1.2.3.4"), "compatible");
  CHECK(!matches(&rule, "1.2.3.5"), "other");
  address = ip("::ffff:1.2.3.4");
  uvnet_rule_address(&rule, &address);
  CHECK(matches(&rule, "1.2.3.4"), "IPv4 of a mapped rule");
  CHECK(matches(&rule, "::ffff:102:304"), "itself");
}

static void test_range_rule(void) {
  struct uvnet_rule rule;
  struct uvnet_ip start = ip("1.2.3.4"), end = ip("1.2.4.2");

  CHECK(uvnet_rule_range(&rule, &start, &end) == 0, "IPv4");
  CHECK(matches(&rule, "1.2.3.4") && matches(&rule, "1.2.4.2"), "ends");
  CHECK(matches(&rule, "::ffff:1.2.3.255"), "mapped");
  CHECK(!matches(&rule, "1.2.3.3") && !matches(&rule, "1.2.4.3"), "outside");
  CHECK(!matches(&rule, "::1.2.3.9"), "compatible");
  CHECK(uvnet_rule_range(&rule, &end, &start) == UV_EINVAL, "reversed");
  CHECK(uvnet_rule_range(&rule, &end, &end) == 0, "one address");
  CHECK(matches(&rule, "1.2.4.2") && !matches(&rule, "1.2.4.1"), "one");

  start = ip("::1");
  end = ip("1::");
  CHECK(uvnet_rule_range(&rule, &start, &end) == 0, "IPv6");
  CHECK(matches(&rule, "::ffff:1.2.3.4"), "mapped inside");
  CHECK(!matches(&rule, "1.2.3.4"), "IPv4 has no order among IPv6");
  CHECK(uvnet_rule_range(&rule, &end, &start) == UV_EINVAL, "reversed");
}

static void test_mixed_range(void) {
  struct uvnet_rule rule;
  struct uvnet_ip four = ip("1.2.3.4"), mapped = ip("::ffff:1.2.3.9");
  struct uvnet_ip six = ip("::9");

  CHECK(uvnet_rule_range(&rule, &four, &mapped) == 0, "mapped end");
  CHECK(matches(&rule, "1.2.3.9") && matches(&rule, "::ffff:1.2.3.4"), "ends");
  CHECK(!matches(&rule, "1.2.3.10"), "outside");
  CHECK(uvnet_rule_range(&rule, &mapped, &four) == UV_EINVAL, "reversed");

  CHECK(uvnet_rule_range(&rule, &four, &six) == 0, "no order");
  CHECK(!matches(&rule, "1.2.3.4") && !matches(&rule, "::9"), "no order");
  CHECK(uvnet_rule_range(&rule, &six, &four) == 0, "no order");
  CHECK(matches(&rule, "::ffff:1.2.3.4"), "comparable with both ends");
  CHECK(!matches(&rule, "::a") && !matches(&rule, "1.2.3.4"), "with one");
}

static void test_subnet_rule(void) {
  struct uvnet_rule rule;
  struct uvnet_ip four = ip("10.1.1.1"), six = ip("2001:db8:8000::1");
  struct uvnet_ip mapped = ip("::ffff:10.1.1.1"), any = ip("::");

  CHECK(uvnet_rule_subnet(&rule, &four, 27) == 0, "/27");
  CHECK(matches(&rule, "10.1.1.31") && !matches(&rule, "10.1.1.32"), "/27");
  CHECK(matches(&rule, "::ffff:10.1.1.30"), "mapped");
  CHECK(uvnet_rule_subnet(&rule, &four, 0) == 0, "/0");
  CHECK(matches(&rule, "255.0.0.1") && !matches(&rule, "::1"), "/0");
  CHECK(uvnet_rule_subnet(&rule, &four, 32) == 0, "/32");
  CHECK(matches(&rule, "10.1.1.1") && !matches(&rule, "10.1.1.0"), "/32");
  CHECK(uvnet_rule_subnet(&rule, &four, 33) == UV_EINVAL, "/33");
  CHECK(uvnet_rule_subnet(&rule, &four, -1) == UV_EINVAL, "/-1");

  CHECK(uvnet_rule_subnet(&rule, &six, 33) == 0, "/33");
  CHECK(matches(&rule, "2001:db8:ffff::"), "/33");
  CHECK(!matches(&rule, "2001:db8:7fff::"), "/33");
  CHECK(uvnet_rule_subnet(&rule, &six, 128) == 0, "/128");
  CHECK(uvnet_rule_subnet(&rule, &six, 129) == UV_EINVAL, "/129");
  CHECK(uvnet_rule_subnet(&rule, &mapped, 104) == 0, "mapped /104");
  CHECK(matches(&rule, "10.9.9.9") && !matches(&rule, "11.0.0.0"), "/104");
  CHECK(uvnet_rule_subnet(&rule, &any, 0) == 0, "::/0");
  CHECK(matches(&rule, "1.2.3.4") && matches(&rule, "ffff::"), "::/0");
}

static void test_empty_list(void) {
  struct uvnet_ip address = ip("1.2.3.4");

  CHECK(uvnet_blocklist_check(NULL, 0, &address) == 0, "empty");
}

/* The reference: addresses as lists of bits, and each case by itself. */

static int bit(const struct uvnet_ip *address, int index) {
  if (address->family == 4)
    index += 96;
  return address->bytes[index / 8] >> (7 - index % 8) & 1;
}

/* The last 32 bits if the address is IPv4 in either form. */
static bool as_ip4(const struct uvnet_ip *address, uint32_t *value) {
  struct uvnet_ip bits = *address;
  int i;

  bits.family = 6;
  *value = 0;
  for (i = 0; i < 96; i++) {
    if (bit(&bits, i) != (i >= 80))
      return false;
  }
  for (; i < 128; i++)
    *value = *value << 1 | (uint32_t)bit(&bits, i);
  return true;
}

enum { NO_ORDER = 2 };

/* -1, 0 or 1 as `a` is before, equal to or after `b`, or NO_ORDER. */
static int naive_compare(const struct uvnet_ip *a, const struct uvnet_ip *b) {
  uint32_t a4, b4;
  int i;

  if (as_ip4(a, &a4) && as_ip4(b, &b4))
    return a4 < b4 ? -1 : a4 > b4;
  if (a->family != b->family)
    return NO_ORDER;
  for (i = 0; i < 128; i++) {
    if (bit(a, i) != bit(b, i))
      return bit(a, i) < bit(b, i) ? -1 : 1;
  }
  return 0;
}

static bool naive_in_range(const struct uvnet_ip *start,
                           const struct uvnet_ip *end,
                           const struct uvnet_ip *address) {
  int from = naive_compare(address, start), to = naive_compare(address, end);

  return (from == 0 || from == 1) && (to == 0 || to == -1);
}

static bool naive_in_subnet(const struct uvnet_ip *network, int prefix,
                            const struct uvnet_ip *address) {
  struct uvnet_ip bits = *address;
  uint32_t value;
  int i;

  if (network->family == 4 && !as_ip4(address, &value))
    return false;
  bits.family = network->family;
  for (i = 0; i < prefix; i++) {
    if (bit(network, i) != bit(&bits, i))
      return false;
  }
  return true;
}

/* Few different bytes, so that addresses are often near each other. */
static struct uvnet_ip random_ip(void) {
  static const uint8_t values[] = {0, 0, 0, 1, 2, 0x7f, 0x80, 0xff};
  struct uvnet_ip result;
  size_t i, random_from;

  result.family = random_below(2) == 0 ? 4 : 6;
  random_from = result.family == 4 || random_below(2) == 0 ? 12 : 0;
  memset(result.bytes, 0, sizeof(result.bytes));
  if (random_from == 12 && (result.family == 4 || random_below(4) != 0))
    result.bytes[10] = result.bytes[11] = 0xff;
  for (i = random_from; i < 16; i++)
    result.bytes[i] = values[random_below(sizeof(values))];
  return result;
}

static void test_against_reference(void) {
  struct uvnet_rule rule;
  struct uvnet_ip a, b, address;
  int i, prefix;

  for (i = 0; i < 200000; i++) {
    a = random_ip();
    b = random_ip();
    address = random_ip();
    uvnet_rule_address(&rule, &a);
    CHECK(uvnet_blocklist_check(&rule, 1, &address) ==
              (naive_compare(&a, &address) == 0),
          "random address");
    prefix = (int)random_below(a.family == 4 ? 33 : 129);
    CHECK(uvnet_rule_subnet(&rule, &a, prefix) == 0, "random subnet");
    CHECK(uvnet_blocklist_check(&rule, 1, &address) ==
              naive_in_subnet(&a, prefix, &address),
          "random subnet");
    CHECK((uvnet_rule_range(&rule, &a, &b) == 0) ==
              (naive_compare(&a, &b) != 1),
          "random range");
    if (naive_compare(&a, &b) != 1)
      CHECK(uvnet_blocklist_check(&rule, 1, &address) ==
                naive_in_range(&a, &b, &address),
            "random range");
  }
}

static void test_many_rules(void) {
  struct uvnet_rule rules[8];
  struct uvnet_ip addresses[8], address;
  size_t i, count, wanted;
  int round;

  for (round = 0; round < 1000; round++) {
    count = random_below(9);
    for (i = 0; i < count; i++) {
      addresses[i] = random_ip();
      uvnet_rule_address(&rules[i], &addresses[i]);
    }
    address = random_ip();
    if (count > 0 && random_below(2) == 0)
      address = addresses[random_below((uint32_t)count)];
    wanted = 0;
    for (i = 0; i < count; i++)
      wanted |= naive_compare(&addresses[i], &address) == 0;
    CHECK(uvnet_blocklist_check(rules, count, &address) == (int)wanted,
          "any of the rules");
  }
}

void test_blocklist(void) {
  test_address_rule();
  test_range_rule();
  test_mixed_range();
  test_subnet_rule();
  test_empty_list();
  test_against_reference();
  test_many_rules();
}
