'use strict';

const assert = require('node:assert');
const path = require('node:path');
const { buildAddon } = require('../scripts/addon');
const { forEachNet, inChild } = require('./helper');

const CLIENTS = 12;

// Twelve clients of an echo server, all ready in one turn of the loop. Some of
// them wait for an answer inside their listener, by running the loop there.
async function waitInside(net, helper) {
  const { turn } = require(process.argv[2]);
  const count = Number(process.argv[3]);
  const size = Number(process.argv[4]);
  const usesOnread = process.argv[5] === 'onread';
  const server = await helper.listen(net.createServer((peer) => {
    peer.on('data', (chunk) => peer.write(Buffer.from(chunk)));
  }));
  const received = [];
  const clients = [];
  let rounds = 0;
  let missed = 0;

  const letter = (i) => String.fromCharCode(97 + i);

  function waitFor(i, length) {
    for (let n = 0; n < 100 && received[i].length < length; n++) turn();
    if (received[i].length < length) missed++;
  }

  // Client i gets its letter again and again; every third one waits.
  function onText(i, text) {
    received[i] += text;
    if (i % 3 !== 0 || rounds++ % 2 !== 0) return;
    const { length } = received[i];
    clients[i].write(letter(i).repeat(size));
    waitFor(i, length + size);
  }

  for (let i = 0; i < count; i++) {
    received.push('');
    const onread = usesOnread && {
      buffer: Buffer.alloc(64 * 1024),
      callback: (bytes, buffer) =>
        onText(i, buffer.toString('latin1', 0, bytes)),
    };
    const client = net.connect({ ...server.address(), onread });
    if (!usesOnread) client.on('data', (chunk) => onText(i, String(chunk)));
    await helper.once(client, 'connect');
    clients.push(client);
  }
  for (let round = 0; round < 5; round++) {
    clients.forEach((client, i) => client.write(letter(i).repeat(size)));
    await helper.eventually(() => received.every(({ length }) =>
      length >= (round + 1) * size));
  }
  for (const client of clients) client.destroy();
  server.close();
  return { missed, waited: rounds > 2,
    pure: received.every((text, i) => text === letter(i).repeat(text.length)),
    whole: received.every(({ length }) => length % size === 0) };
}

// A listener destroys its socket and runs the loop until that is closed, in the
// middle of libuv's read from it, to which both return.
async function closeInside(net, helper) {
  const { turn } = require(process.argv[2]);
  const { liveHandles } = require(process.argv[3]);
  const { client, peer } = await helper.pair(net);
  let closed = false;
  let live = 0;
  const isOpen = () => !closed;
  peer.on('close', () => { closed = true; });
  peer.on('data', ({ length }) => {
    if (length !== 65536 || closed) return;
    const before = liveHandles();
    peer.destroy();
    for (let i = 0; i < 100 && isOpen(); i++) turn();
    live = before - liveHandles();
  });
  client.on('error', () => {});
  for (let i = 0; i < 100 && isOpen(); i++) {
    client.write(Buffer.alloc(1 << 20));
    await helper.turn();
  }
  client.destroy();
  await helper.turn();
  return { closed, live };
}

// Requests that came in one piece, and the first one's listener runs the loop,
// in the middle of the parser's work on that piece, while others' come.
async function parseInside(net, helper) {
  const http = require('node:http');
  const { turn } = require(process.argv[2]);
  const seen = [];
  const others = [];
  const server = await helper.listen(http.createServer((request, response) => {
    seen.push([request.url, request.headers.name]);
    response.end('x');
    if (request.url !== '/0') return;
    for (const other of others) {
      other.write(`POST /other HTTP/1.1\r\nHost: ${'y'.repeat(3000)}\r\n` +
        'Content-Length: 3\r\n\r\nabc');
    }
    for (let i = 0; i < 100 && seen.length < 6; i++) turn();
  }));
  for (let i = 0; i < 6; i++) {
    others.push(net.connect(server.address()));
    await helper.once(others[i], 'connect');
  }
  const client = others.pop();
  let text = '';
  client.on('data', (chunk) => { text += chunk; });
  client.write(Array.from({ length: 20 }, (_, i) =>
    `GET /${i} HTTP/1.1\r\nHost: x\r\nName: ${`n${i}`.repeat(20)}\r\n\r\n`)
    .join(''));
  await helper.eventually(() => text.split('HTTP/1.1 200').length > 20);
  for (const socket of [client, ...others]) socket.destroy();
  server.close();
  return { inside: seen.slice(1, 6).map(([url]) => url),
    own: seen.filter(([url]) => url !== '/other') };
}

describe('a listener that runs the loop itself', () => {
  let addon;

  before(function build() {
    this.timeout(60000);
    addon = buildAddon(path.join(__dirname, 'loop'));
    assert.ok(addon);
  });

  async function losesNothing(name, size, how) {
    const result = await inChild(name, waitInside,
      { args: [addon, CLIENTS, size, how].map(String) });
    assert.deepStrictEqual(result,
      { missed: 0, waited: true, pure: true, whole: true });
  }

  forEachNet((net, name) => {
    for (const how of ['data', 'onread']) {
      for (const size of [10, 4000]) {
        it(`${how}, ${size} bytes`, () => losesNothing(name, size, how));
      }
    }

    it('while http parses what came', async () => {
      const register = path.join(__dirname, '..', 'lib', 'register.js');
      const { inside, own } = await inChild(name, parseInside,
        { args: [addon], flags: name === 'uvnet' ? ['-r', register] : [] });
      assert.deepStrictEqual(inside, Array(5).fill('/other'));
      assert.deepStrictEqual(own, Array.from({ length: 20 }, (_, i) =>
        [`/${i}`, `n${i}`.repeat(20)]));
    });

    // Core frees the handle there.
    if (name === 'uvnet') {
      it('and closes its socket there', async () => {
        const binding = path.join(__dirname, '..', 'lib', 'binding.js');
        assert.deepStrictEqual(await inChild(name, closeInside,
          { args: [addon, binding] }), { closed: true, live: 0 });
      });
    }
  });
});
