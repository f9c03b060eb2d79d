'use strict';

// A chunk's memory is its alone: whatever one listener does with it changes
// nothing for anybody else who holds bytes.

const assert = require('node:assert');
const fs = require('node:fs');
const http = require('node:http');
const { receiveMessageOnPort, MessageChannel } = require('node:worker_threads');
const {
  MAJOR, closed, collect, eventually, forEachNet, forEachTransport, inChild, listen,
  once, pair, pairUnix, tmpPath, track, turn,
} = require('./helper');

const MESSAGE = Buffer.from('0123456789abcdef'.repeat(64));

function post(value, transfer) {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(value, transfer);
  const { message } = receiveMessageOnPort(port2);
  port1.close();
  return message;
}

// What a listener may do with its chunk.
const USES = {
  'structuredClone with transfer': (chunk) => {
    structuredClone(chunk.buffer, { transfer: [chunk.buffer] });
  },
  'postMessage with transfer': (chunk) => post(chunk, [chunk.buffer]),
  'postMessage': (chunk) => {
    const { buffer, byteLength } = post(chunk);
    assert.strictEqual(buffer.byteLength, byteLength);
  },
  'enqueue() of a byte stream': (chunk) => {
    new ReadableStream({
      type: 'bytes', start(controller) { controller.enqueue(chunk); },
    });
  },
  'ArrayBuffer.prototype.transfer': (chunk) => { chunk.buffer.transfer?.(); },
  'ArrayBuffer.prototype.transfer to another size': (chunk) => {
    chunk.buffer.transfer?.(1 << 20);
  },
  'writing over its whole buffer': (chunk) => {
    new Uint8Array(chunk.buffer).fill(0x21);
  },
  'a view of its whole buffer': (chunk) => {
    assert.strictEqual(new DataView(chunk.buffer).byteLength, chunk.length);
  },
};

async function sockets(net, count) {
  const server = await listen(net.createServer());
  const pairs = [];
  for (let i = 0; i < count; i++) {
    const accepted = once(server, 'connection');
    const client = track(net.connect(server.address().port, '127.0.0.1'));
    const [peer] = await accepted;
    pairs.push({ client, peer });
  }
  return pairs;
}

// Others hold bytes while a chunk of their neighbour's is used. Each holder is
// given a pair for itself and gives a promise of the bytes it got for MESSAGE.
const HOLDERS = {
  'events of the same dispatch': ({ peer }) => collect(peer),
  'a paused stream': async ({ peer }) => {
    peer.on('readable', () => {});
    await eventually(() => peer.readableLength === MESSAGE.length);
    await turn();
    return peer.read();
  },
  'a waiting write': async ({ client, peer }) => {
    const received = [];
    let size = 0;
    peer.on('data', (chunk) => {
      // More than the kernel takes, so that it waits.
      for (let i = 0; i < 8000; i++) peer.write(chunk);
    });
    await turn();
    client.on('data', (chunk) => {
      received.push(chunk);
      size += chunk.length;
    });
    await eventually(() => size === MESSAGE.length * 8000, 5000);
    const all = Buffer.concat(received);
    for (let i = MESSAGE.length; i < all.length; i += MESSAGE.length) {
      assert.ok(all.subarray(i, i + MESSAGE.length).equals(MESSAGE), `at ${i}`);
    }
    return all.subarray(0, MESSAGE.length);
  },
  'the thread pool': async ({ peer }) => {
    const file = tmpPath();
    const [chunk] = await once(peer, 'data');
    await fs.promises.writeFile(file, chunk);
    return fs.readFileSync(file);
  },
  'an onread buffer': ({ onread }) => onread,
};

// A pair whose client reads into a buffer of its own.
async function onreadPair(net) {
  const server = await listen(net.createServer());
  const accepted = once(server, 'connection');
  let done;
  const bytes = [];
  const received = new Promise((resolve) => { done = resolve; });
  const client = track(net.connect({
    port: server.address().port, host: '127.0.0.1',
    onread: { buffer: Buffer.alloc(4096), callback(count, buffer) {
      bytes.push(Buffer.from(buffer.subarray(0, count)));
      if (Buffer.concat(bytes).length >= MESSAGE.length) {
        done(Buffer.concat(bytes));
      }
    } },
  }));
  const [peer] = await accepted;
  return { client: peer, peer: client, onread: received };
}

async function holderSurvives(net, hold, use) {
  const [attacker] = await sockets(net, 1);
  const victims = hold === HOLDERS['an onread buffer'] ?
    [await onreadPair(net), await onreadPair(net)] : await sockets(net, 4);
  const uses = [];
  attacker.peer.on('data', (chunk) => { uses.push(use(chunk)); });
  const held = victims.map(hold);
  attacker.client.write(MESSAGE);
  for (const { client } of victims) client.write(MESSAGE);
  await eventually(() => uses.length > 0);
  attacker.client.write(MESSAGE);
  await eventually(() => uses.length > 1);
  for (const { client } of victims) {
    if (hold === HOLDERS['events of the same dispatch']) client.end();
  }
  for (const bytes of await Promise.all(held)) {
    assert.ok(bytes.equals(MESSAGE), `${bytes.length} bytes`);
  }
}

// A request listener uses a chunk of another socket's while the parser is in
// the middle of its own.
async function parserSurvives(net, use) {
  const { client, peer } = await pair(net);
  const kept = [];
  peer.on('data', (chunk) => kept.push(chunk));
  const server = http.createServer((request, response) => {
    for (const chunk of kept.splice(0)) use(chunk);
    response.end(request.url);
  });
  track(server);
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address();
  const browser = track(net.connect(port, '127.0.0.1'));
  await once(browser, 'connect');
  const paths = Array.from({ length: 20 }, (_, i) => `/${i}`);
  client.write(MESSAGE);
  const replies = collect(browser);
  browser.end(paths.map((path, i) => `GET ${path} HTTP/1.1\r\nHost: a\r\n` +
    `${i === 19 ? 'Connection: close\r\n' : ''}\r\n`).join(''));
  const text = String(await replies);
  assert.deepStrictEqual(text.match(/^\/\d+/gm), paths);
  server.close();
}

// From Node 26 on core leaves large reads that are not full in a longer buffer.
const isLonger = (net) => net === require('node:net') && MAJOR >= 26;

// Everything that can be seen of a chunk's memory.
function memoryOf(chunk, net) {
  const { buffer, byteLength, byteOffset, constructor } = chunk;
  return {
    byteOffset, isAlone: isLonger(net) || buffer.byteLength === byteLength,
    kind: Object.prototype.toString.call(buffer),
    resizable: buffer.resizable, detached: buffer.detached,
    isBuffer: constructor === Buffer && Buffer.isBuffer(chunk),
    prototype: Object.getPrototypeOf(chunk) === Buffer.prototype,
  };
}

const ALONE = memoryOf(Buffer.allocUnsafeSlow(10));

// Messages of these sizes, one after the other: sizes that come again are read
// in other ways than those that do not.
const SIZES = [1, 63, 64, 65, 1000, 4096, 4096, 4096, 5000, 16384, 16384, 16384,
  16384, 8000, 65536, 65536, 65536, 300, 200000, 65536, 1];

async function lookAtChunks(net, open, take) {
  const { client, peer } = await open(net);
  const buffers = new Set();
  let arrived = 0;
  const hasArrived = (sum) => eventually(() => arrived === sum, 5000);
  take(peer, (chunk) => {
    const start = arrived;
    arrived += chunk.length;
    assert.deepStrictEqual(memoryOf(chunk, net), ALONE);
    assert.ok(!buffers.has(chunk.buffer));
    buffers.add(chunk.buffer);
    for (const [i, byte] of chunk.entries()) {
      if (byte !== ((start + i) & 0xff)) assert.fail(`byte ${start + i}`);
    }
  });
  let sent = 0;
  for (const size of SIZES) {
    const message = Buffer.alloc(size);
    for (let i = 0; i < size; i++) message[i] = (sent + i) & 0xff;
    sent += size;
    client.write(message);
    assert.ok(await hasArrived(sent), `${arrived} of ${sent} bytes`);
  }
  client.destroy();
  await closed(client, peer);
}

const TAKERS = {
  'data': (peer, look) => { peer.on('data', look); },
  'read()': (peer, look) => {
    peer.on('readable', () => {
      for (let c = peer.read(); c !== null; c = peer.read()) look(c);
    });
  },
  'a paused handle': (peer, look) => {
    peer.on('data', (chunk) => {
      look(chunk);
      peer.pause();
      setImmediate(() => peer.resume());
    });
  },
};

forEachNet((net) => {
  describe('what is seen of a chunk\'s memory', () => {
    forEachTransport((open) => {
      for (const [name, take] of Object.entries(TAKERS)) {
        it(name, () => lookAtChunks(net, open, take));
      }
    });

    it('a sender that had little and has much now is read in large chunks',
      async () => {
        const { client, peer } = await pairUnix(net);
        let arrived = 0;
        let chunks = 0;
        peer.on('data', ({ length }) => {
          arrived += length;
          chunks++;
        });
        const hasArrived = (sum) => eventually(() => arrived === sum, 5000);
        for (let i = 1; i <= 10; i++) {
          client.write(Buffer.alloc(4096));
          await hasArrived(i * 4096);
        }
        chunks = 0;
        for (let i = 0; i < 2000; i++) client.write(Buffer.alloc(4096));
        await hasArrived(2010 * 4096);
        assert.ok(chunks < 1500, `${chunks} chunks`);
      });

    it('what a pipe between sockets leaves to the listeners', async () => {
      const [from, to] = await sockets(net, 2);
      const seen = [];
      from.peer.pipe(to.client);
      from.client.write('one');
      await once(to.peer, 'data');
      from.peer.on('data', (chunk) => seen.push(memoryOf(chunk)));
      from.client.write('two');
      await once(to.peer, 'data');
      assert.deepStrictEqual(seen, [ALONE]);
    });

    it('the rest of a message behind an upgrade', async () => {
      const server = http.createServer();
      track(server);
      await new Promise((resolve) => {
        server.listen(0, '127.0.0.1', resolve);
      });
      const upgraded = once(server, 'upgrade');
      const client = track(net.connect(server.address().port, '127.0.0.1'));
      client.write('GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: x\r\n' +
        '\r\nhead');
      const [, socket, head] = await upgraded;
      track(socket);
      assert.strictEqual(String(head), 'head');
      const after = once(socket, 'data');
      client.write('behind it');
      assert.deepStrictEqual(memoryOf((await after)[0]), ALONE);
      server.close();
    });
  });

  for (const [holder, hold] of Object.entries(HOLDERS)) {
    describe(`${holder}, while another socket's chunk is used`, () => {
      for (const [name, use] of Object.entries(USES)) {
        it(name, () => holderSurvives(net, hold, use));
      }
    });
  }

  describe('http\'s parser, while another socket\'s chunk is used', () => {
    for (const [name, use] of Object.entries(USES)) {
      it(name, () => parserSurvives(net, use));
    }
  });

  it('a class that Uint8Array names for its views sees no bytes', async () => {
    const views = await inChild(net === require('node:net') ? 'core' : 'uvnet',
      async (uvnet, helper) => {
        const { client, peer } = await helper.pair(uvnet);
        let made = 0;
        class Spy extends Uint8Array {
          constructor(...args) { super(...args); made++; }
        }
        Object.defineProperty(Uint8Array, Symbol.species,
          { value: Spy, configurable: true });
        const bytes = helper.once(peer, 'data');
        client.write('hello');
        const [chunk] = await bytes;
        return [made, chunk.length];
      });
    assert.deepStrictEqual(views, [0, 5]);
  });
});
