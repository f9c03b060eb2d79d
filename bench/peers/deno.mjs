/* global Deno, TextEncoder, console */

// The servers of ../handlers.js on Deno.listen():
//   deno run --allow-net bench/peers/deno.mjs SCENARIO
// It ends at the end of its input.

const PIECE = 1 << 16;
const BATCH = 1 << 20;
const BYTE = new TextEncoder().encode('x');

async function write(connection, bytes) {
  let sent = 0;
  while (sent < bytes.length) {
    sent += await connection.write(sent === 0 ? bytes : bytes.subarray(sent));
  }
}

// Calls `take` with each piece that comes.
async function read(connection, take) {
  const buffer = new Uint8Array(PIECE);
  for (;;) {
    const got = await connection.read(buffer);
    if (got === null) break;
    await take(buffer.subarray(0, got));
  }
  connection.close();
}

const handlers = {
  echo: (connection) => read(connection, (bytes) => write(connection, bytes)),
  // A byte for each MB received.
  sink(connection) {
    let received = 0;
    return read(connection, async (bytes) => {
      received += bytes.length;
      for (; received >= BATCH; received -= BATCH) await write(connection, BYTE);
    });
  },
  connect: (connection) => read(connection, async (bytes) => {
    await write(connection, bytes);
    await connection.closeWrite();
  }),
};

async function serve(listener, handler) {
  for await (const connection of listener) handler(connection).catch(() => {});
}

async function endWithInput() {
  for await (const chunk of Deno.stdin.readable) void chunk;
  Deno.exit();
}

const listener = Deno.listen({ hostname: '127.0.0.1', port: 0 });
console.log(listener.addr.port);
endWithInput();
serve(listener, handlers[Deno.args[0]]);
