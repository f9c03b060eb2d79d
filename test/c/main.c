#include "check.h"

unsigned int checks_passed;
unsigned int checks_failed;

uint32_t random_below(uint32_t limit) {
  static uint32_t state = 0x2545f491;

  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state % limit;
}

int main(void) {
  test_address();
  test_blocklist();
  (void)printf("%u passed, %u failed\n", checks_passed, checks_failed);
  return checks_failed == 0 ? 0 : 1;
}
