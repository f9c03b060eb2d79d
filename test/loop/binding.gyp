{
  "targets": [
    {
      "target_name": "loop",
      "sources": ["loop.c"],
      "defines": ["NAPI_VERSION=8"],
      "cflags_c": [
        "-std=c11",
        "-D_GNU_SOURCE",
        "-Wall",
        "-Wextra",
        "-Wshadow",
        "-Wconversion",
        "-fvisibility=hidden"
      ]
    }
  ]
}
