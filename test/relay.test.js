'use strict';

// socket.pipe(socket): with nobody else interested its bytes go from one to the
// other without becoming chunks. Whoever gets interested must not notice.

const assert = require('node:assert');
const { PassThrough } = require('node:stream');
const { collect, eventually, forEachNet, forEachTransport, once, turn } =
  require('./helper');

const PIECE = 50000;

/** from -> [middle, piped to] -> sink: `send` writes to the far side. */
async function twoSockets(open, net) {
  const { client: source, peer: sender } =
    await open(net, { allowHalfOpen: true });
  const { client: target, peer: receiver } =
    await open(net, { allowHalfOpen: true });
  for (const socket of [source, sender, target, receiver]) {
    socket.on('error', () => {});
  }
  const received = [];
  receiver.on('data', (chunk) => received.push(chunk));
  const text = () => Buffer.concat(received).toString();
  const sent = async (data) => {
    await new Promise((resolve) => { sender.write(data, resolve); });
  };
  return { source, sender, target, receiver, text, sent };
}

async function arrived(text, expected) {
  await eventually(() => text().length >= expected.length, 5000);
  assert.strictEqual(text(), expected);
}

function pattern(length) {
  return Buffer.alloc(length, 'abcdefghijklmnopqrstuvwxyz0123456789').toString();
}

forEachNet((net) => {
  forEachTransport((open) => {
    it('everything arrives, and the counts are right', async () => {
      const { source, target, sent, text } = await twoSockets(open, net);
      source.pipe(target);
      const all = pattern(1000000);
      await sent(all);
      await arrived(text, all);
      assert.strictEqual(source.bytesRead, all.length);
      assert.strictEqual(target.bytesWritten, all.length);
      assert.strictEqual(target.writableLength, 0);
      assert.strictEqual(source.readableDidRead, true);
    });

    it('a slow receiver loses nothing', async () => {
      const { source, sender, target, receiver, text } =
        await twoSockets(open, net);
      source.pipe(target);
      receiver.pause();
      const all = pattern(8000000);
      sender.end(all);
      for (let i = 0; i < 50; i++) await turn();
      assert.ok(text().length < all.length);
      receiver.resume();
      await once(receiver, 'end');
      assert.strictEqual(text().length, all.length);
      assert.ok(text() === all);
      assert.strictEqual(target.bytesWritten, all.length);
    });

    it('the end goes on to the target', async () => {
      const { source, sender, target, receiver, text } =
        await twoSockets(open, net);
      source.pipe(target);
      sender.end('last');
      await once(receiver, 'end');
      assert.strictEqual(text(), 'last');
      assert.strictEqual(target.writableEnded, true);
    });

    it('a listener that comes later gets the rest, as the target', async () => {
      const { source, target, sent, text } = await twoSockets(open, net);
      source.pipe(target);
      await sent('first');
      await arrived(text, 'first');
      const seen = [];
      source.on('data', (chunk) => seen.push(chunk));
      await sent('second');
      await arrived(text, 'firstsecond');
      assert.strictEqual(Buffer.concat(seen).toString(), 'second');
    });

    it('a second target gets the rest too', async () => {
      const { source, target, sent, text } = await twoSockets(open, net);
      source.pipe(target);
      await sent('first');
      await arrived(text, 'first');
      const other = new PassThrough();
      source.pipe(other);
      await sent('second');
      await arrived(text, 'firstsecond');
      assert.strictEqual(String(other.read()), 'second');
    });

    it('after unpipe() the bytes stay with the source', async () => {
      const { source, target, sent, text } = await twoSockets(open, net);
      source.pipe(target);
      await sent('first');
      await arrived(text, 'first');
      source.unpipe(target);
      await sent('second');
      await eventually(() => source.readableLength === 6);
      assert.strictEqual(String(source.read()), 'second');
      assert.strictEqual(text(), 'first');
      source.pipe(target);
      await sent('third');
      await arrived(text, 'firstthird');
    });

    it('setEncoding() and pause() on the way', async () => {
      const { source, target, sent, text } = await twoSockets(open, net);
      source.pipe(target);
      await sent('first');
      await arrived(text, 'first');
      source.pause();
      await sent('second');
      for (let i = 0; i < 20; i++) await turn();
      assert.strictEqual(text(), 'first');
      source.setEncoding('utf8');
      source.resume();
      await arrived(text, 'firstsecond');
    });

    it('what the user writes himself comes in its order', async () => {
      const { source, target, sent, text } = await twoSockets(open, net);
      source.pipe(target);
      await sent('a');
      await arrived(text, 'a');
      target.write('b');
      target.cork();
      target.write('c');
      await sent('d');
      for (let i = 0; i < 20; i++) await turn();
      target.uncork();
      await arrived(text, 'abcd');
    });

    for (const method of ['write', 'push', 'emit', 'read', '_read', '_write']) {
      const owner = /write/.test(method) ? 'target' : 'source';
      it(`${owner}.${method} that is replaced sees all that follows`, async () => {
        const made = await twoSockets(open, net);
        const { source, target, sent, text } = made;
        source.pipe(target);
        await sent('first');
        await arrived(text, 'first');
        let calls = 0;
        const socket = made[owner];
        const original = socket[method];
        socket[method] = function(...args) {
          calls++;
          return original.apply(this, args);
        };
        await sent(pattern(PIECE));
        await arrived(text, `first${pattern(PIECE)}`);
        assert.ok(calls > 0 || method === 'read' || method === '_read');
      });
    }

    it('pause and drain are told to those who listen', async () => {
      const { source, sender, target, receiver, text } =
        await twoSockets(open, net);
      source.pipe(target);
      receiver.pause();
      const log = [];
      source.on('pause', () => log.push('pause'));
      target.on('drain', () => log.push('drain'));
      sender.end(pattern(8000000));
      for (let i = 0; i < 50; i++) await turn();
      receiver.resume();
      await once(receiver, 'end');
      assert.strictEqual(text().length, 8000000);
      assert.ok(log.includes('pause') && log.includes('drain'), log.join());
    });

    it('a target that is destroyed leaves the source alone', async () => {
      const { source, target, sent, text } = await twoSockets(open, net);
      source.pipe(target);
      await sent('first');
      await arrived(text, 'first');
      target.destroy();
      await once(target, 'close');
      await sent('second');
      await eventually(() => source.readableLength === 6);
      assert.strictEqual(String(source.read()), 'second');
      assert.strictEqual(source.destroyed, false);
    });

    it('an echo by socket.pipe(socket)', async () => {
      const { client, peer } = await open(net, { allowHalfOpen: true });
      peer.pipe(peer);
      const all = pattern(700000);
      client.end(all);
      assert.ok(String(await collect(client)) === all);
    });
  });
});

describe('uvnet', () => {
  it('bytes between two sockets are relayed', async () => {
    const net = require('..');
    const { statistics } = require('../lib/binding');
    const server = net.createServer((socket) => socket.pipe(socket));
    await new Promise((resolve) => { server.listen(0, resolve); });
    const before = statistics().bytesRelayed;
    const socket = net.connect(server.address().port);
    socket.end('hello');
    assert.strictEqual(String(await collect(socket)), 'hello');
    assert.strictEqual(statistics().bytesRelayed - before, 5);
    await new Promise((resolve) => { server.close(resolve); });
  });
});
