#include "blocklist.h"

#include <string.h>

static int is_mapped(const struct uvnet_ip *ip) {
  static const uint8_t prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

  return memcmp(ip->bytes, prefix, sizeof(prefix)) == 0;
}

/* Addresses of both families have an order only where both are IPv4. */
static int comparable(const struct uvnet_ip *a, const struct uvnet_ip *b) {
  return a->family == b->family || (is_mapped(a) && is_mapped(b));
}

/* Network byte order makes the order of bytes the order of addresses. */
static int compare(const struct uvnet_ip *a, const struct uvnet_ip *b) {
  return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

static int in_range(const struct uvnet_rule *rule,
                    const struct uvnet_ip *address) {
  return compare(address, &rule->first) >= 0 &&
         compare(address, &rule->last) <= 0 &&
         comparable(address, &rule->first) && comparable(address, &rule->last);
}

static int in_subnet(const struct uvnet_rule *rule,
                     const struct uvnet_ip *address) {
  const uint8_t *a = address->bytes;
  const uint8_t *b = rule->first.bytes;
  unsigned int whole = rule->prefix / 8;
  unsigned int rest = rule->prefix % 8;

  if (memcmp(a, b, whole) != 0)
    return 0;
  return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

void uvnet_rule_address(struct uvnet_rule *rule,
                        const struct uvnet_ip *address) {
  /* All 128 bits: an IPv4 address and its mapped form are the same bits. */
  rule->kind = UVNET_RULE_SUBNET;
  rule->prefix = 128;
  rule->first = *address;
  rule->last = *address;
}

int uvnet_rule_range(struct uvnet_rule *rule, const struct uvnet_ip *start,
                     const struct uvnet_ip *end) {
  if (comparable(start, end) && compare(start, end) > 0)
    return UV_EINVAL;
  rule->kind = UVNET_RULE_RANGE;
  rule->prefix = 0;
  rule->first = *start;
  rule->last = *end;
  return 0;
}

int uvnet_rule_subnet(struct uvnet_rule *rule, const struct uvnet_ip *address,
                      int prefix) {
  if (prefix < 0 || prefix > (address->family == 4 ? 32 : 128))
    return UV_EINVAL;
  rule->kind = UVNET_RULE_SUBNET;
  /* The 32 bits of IPv4 follow 96 bits that all mapped addresses share. */
  rule->prefix = (unsigned int)prefix + (address->family == 4 ? 96 : 0);
  rule->first = *address;
  rule->last = *address;
  return 0;
}

int uvnet_blocklist_check(const struct uvnet_rule *rules, size_t count,
                          const struct uvnet_ip *address) {
  size_t i;

  for (i = 0; i < count; i++) {
    const struct uvnet_rule *rule = &rules[i];

    if (rule->kind == UVNET_RULE_RANGE ? in_range(rule, address)
                                       : in_subnet(rule, address))
      return 1;
  }
  return 0;
}
