/*
 * Rules of a block list and the matching of addresses against them. Pure
 * functions on memory of the caller: see address.h.
 */
#ifndef UVNET_BLOCKLIST_H
#define UVNET_BLOCKLIST_H

#include <stddef.h>

#include "address.h"

enum uvnet_rule_kind { UVNET_RULE_RANGE, UVNET_RULE_SUBNET };

/* Made by one of the functions below; a flat value that can be copied. */
struct uvnet_rule {
  enum uvnet_rule_kind kind;
  unsigned int prefix;   /* subnet: bits of first.bytes that count, 0-128 */
  struct uvnet_ip first; /* range: its start, subnet: an address in it */
  struct uvnet_ip last;  /* range: its end, inclusive */
};

/* A rule for one address. */
void uvnet_rule_address(struct uvnet_rule *rule,
                        const struct uvnet_ip *address);

/*
 * A rule for all addresses from `start` to `end`, both included. The two may
 * be of different families; if neither can be mapped into the other's, the
 * rule matches what can be compared with both ends and lies between them.
 * 0, or UV_EINVAL if `start` is known to come after `end`.
 */
int uvnet_rule_range(struct uvnet_rule *rule, const struct uvnet_ip *start,
                     const struct uvnet_ip *end);

/*
 * A rule for the subnet of `prefix` bits (of the address's own family) that
 * `address` is in. 0, or UV_EINVAL if the family has not that many bits.
 */
int uvnet_rule_subnet(struct uvnet_rule *rule, const struct uvnet_ip *address,
                      int prefix);

/*
 * 1 if one of `count` rules matches the address, 0 if none does. An IPv4
 * address and its IPv4-mapped IPv6 form match the same rules, apart from
 * ranges of IPv6 addresses that are not all mapped: those hold for IPv6 only.
 */
int uvnet_blocklist_check(const struct uvnet_rule *rules, size_t count,
                          const struct uvnet_ip *address);

#endif
