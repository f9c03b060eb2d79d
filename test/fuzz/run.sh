#!/bin/sh
# npm run test:fuzz -- [executions [seed]]: libFuzzer over the code in C that reads
# what others give it, under AddressSanitizer and UndefinedBehaviorSanitizer; so
# many executions in all (50 million). Wants clang. NODE_INCLUDE names the folder
# of Node's headers if it is not beside the node in use. An input that fails is
# left in the working folder, and "run.sh target file" runs it again.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
source=$here/../../src
include=${NODE_INCLUDE:-$(node -p \
  'require("path").resolve(process.execPath, "../../include/node")')}
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT

build_target() {
  name=$1
  shift
  "${CLANG:-clang}" -std=c11 -D_GNU_SOURCE -DNAPI_VERSION=8 -g -O1 \
    -Wall -Wextra -Wshadow -Werror \
    -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
    -isystem "$include" -I "$source" -I "$here" \
    -o "$build/$name" "$here/fuzz_$name.c" "$@" -lm
}

build_target address "$source/address.c"
build_target blocklist "$source/blocklist.c"
build_target arguments "$here/stub.c" "$source/js.c" "$source/js_address.c" \
  "$source/address.c" "$source/blocklist.c"

if [ -n "${1:-}" ] && [ -n "${2:-}" ] && [ -f "$2" ]; then
  exec "$build/$1" "$2"
fi

executions=$((${1:-50000000} / 3))
for name in address blocklist arguments; do
  echo "- $name: $executions executions, seed ${2:-1}"
  mkdir "$build/corpus"
  "$build/$name" -runs="$executions" -seed="${2:-1}" -max_len=200 \
    -dict="$here/words.txt" -print_final_stats=1 -verbosity=0 "$build/corpus" \
    >"$build/log" 2>&1 || {
    cat "$build/log"
    exit 1
  }
  grep -E '^stat::(number|average)' "$build/log"
  rm -r "$build/corpus"
done
