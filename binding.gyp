{
  "variables": {
    # Set by scripts/build.js --sanitize: AddressSanitizer and
    # UndefinedBehaviorSanitizer, for npm run test:asan.
    "sanitize%": "0"
  },
  "targets": [
    {
      "target_name": "uvnet",
      "sources": [
        "src/addon.c",
        "src/address.c",
        "src/blocklist.c",
        "src/env.c",
        "src/event.c",
        "src/handle.c",
        "src/js.c",
        "src/js_address.c",
        "src/large.c",
        "src/option.c",
        "src/outbox.c",
        "src/pipe.c",
        "src/read.c",
        "src/relay.c",
        "src/send.c",
        "src/server.c",
        "src/socket.c",
        "src/tcp.c",
        "src/write.c",
        "src/write_copy.c"
      ],
      "defines": ["NAPI_VERSION=8"],
      "cflags_c": [
        "-std=c11",
        "-D_GNU_SOURCE",
        "-Wall",
        "-Wextra",
        "-Wshadow",
        "-Wconversion",
        "-fvisibility=hidden"
      ],
      "xcode_settings": {
        "GCC_C_LANGUAGE_STANDARD": "c11",
        "GCC_SYMBOLS_PRIVATE_EXTERN": "YES"
      },
      "conditions": [
        [
          "sanitize==1",
          {
            "cflags": [
              "-fsanitize=address,undefined",
              "-fno-sanitize-recover=undefined",
              "-fno-omit-frame-pointer",
              "-g",
              "-O1"
            ],
            "ldflags": ["-fsanitize=address,undefined"]
          }
        ],
        ["OS!='win'", {"sources": ["src/os_posix.c"]}],
        ["OS=='win'", {"sources": ["src/os_win.c"]}]
      ]
    }
  ]
}
