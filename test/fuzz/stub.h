/* N-API as far as the argument readers use it, over values that a fuzzer makes.
 * A napi_value is a `struct value`. */
#ifndef UVNET_FUZZ_STUB_H
#define UVNET_FUZZ_STUB_H

#include <node_api.h>
#include <stdbool.h>

enum value_kind { OTHER, NUMBER, TEXT, BOOLEAN, VIEW, OBJECT };

struct value {
  enum value_kind kind;
  double number;
  char *bytes;
  size_t length;
  /* Of OBJECT. */
  bool is_tagged;
  void *wrapped;
  napi_finalize finalize;
};

enum { STUB_ARGUMENTS = 6 };

/* What the running call was given. */
extern struct value *stub_arguments;
extern size_t stub_count;
extern bool stub_is_pending;
/* The last value that was made. */
extern struct value stub_result;

/* The function that the code under test has defined by that number. */
napi_callback stub_function(size_t number);

/* Counts down: N-API fails when it comes to zero. */
extern unsigned int stub_failure;

#endif
