/* Checks that count, that say where they failed and that NDEBUG leaves in. */
#ifndef UVNET_TEST_CHECK_H
#define UVNET_TEST_CHECK_H

#include <stdint.h>
#include <stdio.h>

extern unsigned int checks_passed;
extern unsigned int checks_failed;

/* `detail` is a text that tells which input it was. */
#define CHECK(condition, detail)                                               \
  do {                                                                         \
    if (condition) {                                                           \
      checks_passed++;                                                         \
    } else {                                                                   \
      checks_failed++;                                                         \
      (void)fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition, \
                    detail);                                                   \
    }                                                                          \
  } while (0)

/* The next number of a fixed sequence (xorshift), below `limit`. */
uint32_t random_below(uint32_t limit);

void test_address(void);
void test_blocklist(void);

#endif
