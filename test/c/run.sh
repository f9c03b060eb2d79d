#!/bin/sh
# Builds and runs the unit tests of the C code that needs no Node, under
# AddressSanitizer and UndefinedBehaviorSanitizer. NODE_INCLUDE names the
# directory of Node's headers if it is not beside the node in use, CC another
# compiler, and UNSANITIZED=1 is for one that has no sanitizers.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
source=$here/../../src
include=${NODE_INCLUDE:-$(node -p \
  'require("path").resolve(process.execPath, "../../include/node")')}
sanitizers='-fsanitize=address,undefined -fno-sanitize-recover=undefined'
if [ "${UNSANITIZED:-}" ]; then sanitizers=; fi
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT

# shellcheck disable=SC2086 # No argument, or several.
"${CC:-cc}" -std=c11 -D_GNU_SOURCE -g -O1 \
  -Wall -Wextra -Wshadow -Wconversion -Werror \
  $sanitizers \
  -isystem "$include" -I "$source" -o "$build/test" \
  "$here/main.c" "$here/test_address.c" "$here/test_blocklist.c" \
  "$source/address.c" "$source/blocklist.c"
"$build/test"
