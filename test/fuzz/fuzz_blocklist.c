/* Block lists of random rules, against a look at each bit. */
#include <stdbool.h>
#include <string.h>

#include "blocklist.h"
#include "fuzz.h"

enum { MAX_RULES = 8 };

struct reader {
  const uint8_t *data;
  size_t left;
};

static uint8_t take(struct reader *from) {
  if (from->left == 0)
    return 0;
  from->left--;
  return *from->data++;
}

/* Addresses that differ in few bits, or no rule would ever match. */
static void take_ip(struct reader *from, struct uvnet_ip *ip) {
  static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  uint8_t kind = take(from);

  memset(ip->bytes, 0, sizeof(ip->bytes));
  ip->family = kind & 1 ? 6 : 4;
  if (ip->family == 4 || (kind & 2))
    memcpy(ip->bytes, mapped, sizeof(mapped));
  ip->bytes[12 + (kind >> 2 & 3)] = take(from);
  ip->bytes[15] = take(from);
  if (ip->family == 6)
    ip->bytes[kind >> 4] ^= take(from);
}

static bool bit(const struct uvnet_ip *ip, unsigned int at) {
  return ip->bytes[at / 8] >> (7 - at % 8) & 1;
}

/* -1, 0 or 1, by bits from the left. */
static int order(const struct uvnet_ip *a, const struct uvnet_ip *b) {
  unsigned int i;

  for (i = 0; i < 128; i++)
    if (bit(a, i) != bit(b, i))
      return bit(a, i) ? 1 : -1;
  return 0;
}

static bool is_four(const struct uvnet_ip *ip) {
  unsigned int i;

  for (i = 0; i < 80; i++)
    if (bit(ip, i))
      return false;
  for (; i < 96; i++)
    if (!bit(ip, i))
      return false;
  return true;
}

static bool same_kind(const struct uvnet_ip *a, const struct uvnet_ip *b) {
  return a->family == b->family || (is_four(a) && is_four(b));
}

/* What a rule was made of. */
struct source {
  uint8_t kind;
  struct uvnet_ip first;
  struct uvnet_ip last;
  unsigned int prefix;
};

static bool expected(const struct source *rule, const struct uvnet_ip *ip) {
  unsigned int i;

  if (rule->kind == 0)
    return order(&rule->first, ip) == 0;
  if (rule->kind == 1)
    return same_kind(ip, &rule->first) && same_kind(ip, &rule->last) &&
           order(ip, &rule->first) >= 0 && order(ip, &rule->last) <= 0;
  for (i = 0; i < rule->prefix + (rule->first.family == 4 ? 96 : 0); i++)
    if (bit(&rule->first, i) != bit(ip, i))
      return false;
  return true;
}

/* False if there can be no such rule. */
static bool take_rule(struct reader *from, struct source *source,
                      struct uvnet_rule *rule) {
  int prefix;

  source->kind = take(from) % 3;
  take_ip(from, &source->first);
  source->last = source->first;
  switch (source->kind) {
  case 0:
    uvnet_rule_address(rule, &source->first);
    return true;
  case 1:
    take_ip(from, &source->last);
    if (uvnet_rule_range(rule, &source->first, &source->last) == 0)
      return true;
    CHECK(order(&source->first, &source->last) > 0);
    return false;
  default:
    prefix = (int)take(from) - 8;
    source->prefix = (unsigned int)prefix;
    if (uvnet_rule_subnet(rule, &source->first, prefix) == 0) {
      CHECK(prefix >= 0 && prefix <= (source->first.family == 4 ? 32 : 128));
      return true;
    }
    CHECK(prefix < 0 || prefix > (source->first.family == 4 ? 32 : 128));
    return false;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length) {
  struct reader from = {data, length};
  struct source sources[MAX_RULES];
  struct uvnet_rule rules[MAX_RULES];
  size_t count = 0;
  int rounds;

  for (rounds = take(&from) % MAX_RULES; rounds > 0; rounds--)
    if (take_rule(&from, &sources[count], &rules[count]))
      count++;
  for (rounds = 0; rounds < 8; rounds++) {
    struct uvnet_ip ip;
    bool matches = false;
    size_t i;

    take_ip(&from, &ip);
    for (i = 0; i < count; i++)
      matches = matches || expected(&sources[i], &ip);
    CHECK((uvnet_blocklist_check(rules, count, &ip) == 1) == matches);
  }
  return 0;
}
