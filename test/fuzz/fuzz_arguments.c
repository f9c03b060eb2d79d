/* The argument readers of js.c, and the functions of js_address.c over them,
 * with values of any type and with an N-API that fails now and then. Either a
 * result comes or an exception, and no memory is left. */
#include <string.h>

#include "fuzz.h"
#include "js.h"
#include "js_address.h"
#include "stub.h"

static struct value arguments[STUB_ARGUMENTS];
static struct value list;

static uint8_t take(const uint8_t **data, size_t *left) {
  if (*left == 0)
    return 0;
  (*left)--;
  return *(*data)++;
}

/* Bytes of its own for a text or view: a character that is cut at the end would
 * be no string of V8's. */
static void take_bytes(const uint8_t **data, size_t *left, struct value *to) {
  size_t length = take(data, left);

  if (length > *left)
    length = *left;
  to->bytes = malloc(length == 0 ? 1 : length);
  memcpy(to->bytes, *data, length);
  to->length = length;
  *data += length;
  *left -= length;
}

static void take_value(const uint8_t **data, size_t *left, struct value *to) {
  static const double numbers[] = {0,   4,           6,   -1,           24,
                                   128, 4294967303., 1.5, -2147483648., 1e300};
  uint8_t kind = take(data, left);

  memset(to, 0, sizeof(*to));
  switch (kind % 5) {
  case 0:
    to->kind = NUMBER;
    to->number = numbers[take(data, left) % 10];
    return;
  case 1:
  case 2:
    to->kind = kind % 5 == 1 ? TEXT : VIEW;
    take_bytes(data, left, to);
    return;
  case 3:
    *to = list;
    return;
  default:
    to->kind = kind & 64 ? BOOLEAN : OTHER;
    to->number = kind & 32;
    return;
  }
}

/* One reader on one value; what it says and whether an exception came agree. */
static void check_readers(struct value *value) {
  napi_value argument = (napi_value)value;
  char text[40];
  char *data;
  size_t length = 0;
  int32_t integer;
  bool truth;

  stub_is_pending = false;
  CHECK(js_int32(NULL, argument, "a", &integer) != stub_is_pending);
  stub_is_pending = false;
  CHECK(js_bool(NULL, argument, "c", &truth) != stub_is_pending);
  stub_is_pending = false;
  CHECK(js_utf8(NULL, argument, "d", text, sizeof(text), &length) !=
        stub_is_pending);
  CHECK(strlen(text) < sizeof(text));
  stub_is_pending = false;
  if (js_view(NULL, argument, &data, &length))
    CHECK((length == 0) == (data == NULL) && length == value->length);
  CHECK(!stub_is_pending);
}

static void new_list(void) {
  stub_failure = 0;
  stub_is_pending = false;
  CHECK(stub_function(0)(NULL, NULL) != NULL);
  list = stub_result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length) {
  static bool is_ready;
  int calls;
  size_t i;

  if (!is_ready)
    CHECK(uvnet_address_init(NULL, NULL) == napi_ok);
  is_ready = true;
  new_list();
  for (calls = 0; calls < 6 && length > 0; calls++) {
    uint8_t number = take(&data, &length);
    napi_value result;

    stub_count = number >> 5;
    if (stub_count > STUB_ARGUMENTS)
      stub_count = STUB_ARGUMENTS;
    for (i = 0; i < stub_count; i++)
      take_value(&data, &length, &arguments[i]);
    stub_arguments = arguments;
    stub_failure = take(&data, &length) & 15;
    for (i = 0; i < stub_count; i++)
      check_readers(&arguments[i]);
    stub_is_pending = false;
    /* Number 0 makes lists. */
    result = stub_function(1 + number % 4)(NULL, NULL);
    CHECK((result == NULL) == stub_is_pending);
    for (i = 0; i < stub_count; i++)
      free(arguments[i].bytes);
  }
  list.finalize(NULL, list.wrapped, NULL);
  return 0;
}
