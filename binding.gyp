{
  "variables": {
    # Set by scripts/build.js: AddressSanitizer and UndefinedBehaviorSanitizer,
    # for npm run test:asan; counters of lines, for npm run coverage.
    "sanitize%": 0,
    "count_lines%": 0,
    # For npm run test:windows: on Linux what Windows would have, which is less.
    "as_windows%": 0,
    # For npm run test:platforms: on Linux what other Unix systems would have.
    "portable%": 0
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
        "src/write_copy.c",
        "src/write_parts.c"
      ],
      "defines": ["NAPI_VERSION=8"],
      "cflags_c": [
        "-std=c11",
        "-D_GNU_SOURCE",
        "-Wall",
        "-Wextra",
        "-Wshadow",
        "-Wconversion",
        "-fvisibility=hidden",
        "-fstack-protector-strong"
      ],
      "msvs_settings": {
        "VCCLCompilerTool": {
          "AdditionalOptions": ["/std:c11"],
          "WarningLevel": "3"
        }
      },
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
        [
          "count_lines==1",
          {
            "cflags": [
              "-fprofile-instr-generate",
              "-fcoverage-mapping",
              "-g",
              "-O1"
            ],
            "ldflags": ["-fprofile-instr-generate"]
          }
        ],
        [
          "sanitize==0 and count_lines==0",
          {"cflags_c": ["-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2"]}
        ],
        ["OS=='linux'", {"ldflags": ["-Wl,-z,relro,-z,now,-z,noexecstack"]}],
        ["OS=='win'", {"libraries": ["-lws2_32.lib"]}],
        ["as_windows==1", {"defines": ["UVNET_AS_WINDOWS"]}],
        ["portable==1", {"cflags_c": ["-U__linux__"]}],
        [
          "OS=='win' or as_windows==1",
          {"sources": ["src/os_win.c"]},
          {"sources": ["src/os_posix.c"]}
        ]
      ]
    }
  ]
}
