'use strict';

// What short cuts between libuv and the stream could break: events of several
// sockets that are ready in one turn of the loop, and what the handler of one
// does to another. For writes see fast-path-write.test.js.

const assert = require('node:assert');
const { PassThrough } = require('node:stream');
const { closed, collect, eventLog, eventually, forEachNet, forEachTransport,
  inChild, once, spawnScript, track, turn } = require('./helper');

/** Two connected pairs; their peers send in one tick with send(). */
async function twoPairs(open, net, options) {
  const { client: first, peer: firstPeer } = await open(net, options);
  const { client: second, peer: secondPeer } = await open(net, options);
  for (const peer of [firstPeer, secondPeer]) peer.on('error', () => {});
  const send = () => {
    firstPeer.write('one');
    secondPeer.write('two');
  };
  return { first, second, firstPeer, secondPeer, send };
}

async function settle() {
  for (let i = 0; i < 20; i++) await turn();
}

forEachNet((net, name) => {
  forEachTransport((open) => {
    describe('two sockets ready in one turn', () => {
      it('ticks and microtasks run between their events', async () => {
        const log = [];
        const { first, second, send } = await twoPairs(open, net);
        for (const [socket, label] of [[first, 'first'], [second, 'second']]) {
          socket.on('data', (data) => {
            log.push(`${label} ${data}`);
            process.nextTick(() => {
              log.push(`${label} tick`);
              queueMicrotask(() => log.push(`${label} late microtask`));
            });
            queueMicrotask(() => {
              log.push(`${label} microtask`);
              process.nextTick(() => log.push(`${label} late tick`));
            });
            setImmediate(() => log.push(`${label} immediate`));
          });
        }
        await settle();
        send();
        await eventually(() => log.length === 12);
        const each = (label, data) => [`${label} ${data}`, `${label} tick`,
          `${label} microtask`, `${label} late microtask`,
          `${label} late tick`];
        // Where the two batches of immediates fall is the loop's affair.
        assert.deepStrictEqual(
          log.filter((line) => !line.endsWith('immediate')),
          [...each('first', 'one'), ...each('second', 'two')]);
        assert.strictEqual(log.length, 12);
      });

      it('one await in the first handler ends before the second', async () => {
        const log = [];
        const { first, second, send } = await twoPairs(open, net);
        first.on('data', async () => {
          log.push('first');
          await null;
          log.push('after await');
        });
        second.on('data', () => log.push('second'));
        await settle();
        send();
        await eventually(() => log.length === 3);
        assert.deepStrictEqual(log, ['first', 'after await', 'second']);
      });

      it('pause()', async () => {
        const { first, second, send } = await twoPairs(open, net);
        const received = [];
        second.on('data', (data) => received.push(String(data)));
        first.on('data', () => second.pause());
        await settle();
        send();
        await once(first, 'data');
        await settle();
        assert.deepStrictEqual(received, []);
        second.resume();
        await eventually(() => received.length > 0);
        assert.deepStrictEqual(received, ['two']);
      });

      it('destroy()', async () => {
        const { first, second, send } = await twoPairs(open, net);
        const log = eventLog(second, ['data', 'end', 'error', 'close']);
        first.on('data', () => second.destroy());
        await settle();
        send();
        await closed(second);
        await settle();
        assert.deepStrictEqual(log, ['close:false']);
      });

      it('destroy() of itself and then of the other', async () => {
        const { first, second, send } = await twoPairs(open, net);
        const log = eventLog(first, ['data', 'end', 'close'], [], 'first ');
        eventLog(second, ['data', 'end', 'close'], log, 'second ');
        first.on('data', () => {
          first.destroy();
          process.nextTick(() => second.destroy(new Error('mine')));
        });
        eventLog(second, ['error'], log, 'second ');
        await settle();
        send();
        await closed(first, second);
        assert.deepStrictEqual(log.sort(), ['first close:false', 'first data',
          'second close:true', 'second error:mine']);
      });

      it('setEncoding()', async () => {
        const { first, second, send } = await twoPairs(open, net);
        first.on('data', () => second.setEncoding('hex'));
        const received = once(second, 'data');
        await settle();
        send();
        assert.deepStrictEqual(await received, ['74776f']);
      });

      it('unshift()', async () => {
        const { first, second, secondPeer, send } = await twoPairs(open, net);
        first.on('data', () => second.unshift(Buffer.from('zero ')));
        const received = collect(second);
        await settle();
        send();
        await once(first, 'data');
        secondPeer.end();
        assert.strictEqual(String(await received), 'zero two');
      });

      it('\'readable\' in the place of \'data\'', async () => {
        const { first, second, secondPeer, send } = await twoPairs(open, net);
        const received = [];
        const onData = () => received.push('data');
        second.on('data', onData);
        first.on('data', () => {
          second.off('data', onData);
          second.on('readable', () => {
            for (let chunk; (chunk = second.read(1)) !== null;) {
              received.push(String(chunk));
            }
          });
        });
        await settle();
        send();
        secondPeer.end();
        await once(second, 'end');
        assert.deepStrictEqual(received, ['t', 'w', 'o']);
      });

      it('async iteration', async () => {
        const { first, second, secondPeer, send } = await twoPairs(open, net);
        const received = new Promise((resolve, reject) => {
          first.on('data', async () => {
            try {
              let text = '';
              for await (const chunk of second) text += chunk;
              resolve(text);
            } catch (error) {
              reject(error);
            }
          });
        });
        await settle();
        send();
        secondPeer.end();
        assert.strictEqual(await received, 'two');
      });

      it('pipe()', async () => {
        const { first, second, secondPeer, send } = await twoPairs(open, net);
        const sink = new PassThrough();
        first.on('data', () => second.pipe(sink));
        const received = collect(sink);
        await settle();
        send();
        secondPeer.end();
        assert.strictEqual(String(await received), 'two');
      });

      it('unpipe()', async () => {
        const { first, second, send } = await twoPairs(open, net);
        const sink = new PassThrough();
        second.pipe(sink);
        first.on('data', () => second.unpipe(sink));
        await settle();
        send();
        await once(first, 'data');
        await eventually(() => second.readableLength === 3);
        assert.strictEqual(sink.readableLength, 0);
        assert.strictEqual(String(second.read()), 'two');
      });

      it('cork() and uncork()', async () => {
        const { first, second, secondPeer, send } = await twoPairs(open, net);
        const received = [];
        secondPeer.on('data', (data) => received.push(String(data)));
        first.on('data', () => {
          second.cork();
          second.write('a');
          second.write('b');
        });
        second.on('data', () => second.write('c'));
        await settle();
        send();
        await once(second, 'data');
        await settle();
        assert.deepStrictEqual(received, []);
        assert.strictEqual(second.writableLength, 3);
        second.uncork();
        await eventually(() => received.join('').length === 3);
        assert.strictEqual(received.join(''), 'abc');
        assert.strictEqual(second.writableLength, 0);
      });

      it('write() and end()', async () => {
        const { first, second, secondPeer, send } = await twoPairs(open, net,
          { client: { allowHalfOpen: true } });
        first.on('data', () => {
          second.write('a');
          second.end('b');
        });
        const received = collect(secondPeer);
        const data = once(second, 'data');
        await settle();
        send();
        assert.strictEqual(String(await received), 'ab');
        assert.strictEqual(String((await data)[0]), 'two');
      });

      for (const method of ['push', 'emit', 'read']) {
        it(`${method} replaced`, async () => {
          const { first, second, secondPeer, send } =
            await twoPairs(open, net);
          const calls = [];
          first.on('data', () => {
            const original = second[method];
            second[method] = function replaced(...args) {
              calls.push(String(args[0]));
              return original.apply(this, args);
            };
          });
          const received = collect(second);
          await settle();
          send();
          secondPeer.end();
          assert.strictEqual(String(await received), 'two');
          const expected = { push: 'two', emit: 'data', read: '0' }[method];
          assert.ok(calls.includes(expected), calls.join());
        });
      }

      it('a listener in the place of another', async () => {
        const { first, second, send } = await twoPairs(open, net);
        const log = [];
        second.on('data', () => log.push('old'));
        first.on('data', () => {
          second.removeAllListeners('data');
          second.on('data', (data) => log.push(`new ${data}`));
        });
        await settle();
        send();
        await eventually(() => log.length > 0);
        await settle();
        assert.deepStrictEqual(log, ['new two']);
      });
    });

    describe('classes derived from Socket', () => {
      function derived(log) {
        return class extends net.Socket {
          push(chunk, ...rest) {
            log.push(`push ${chunk}`);
            return super.push(chunk, ...rest);
          }

          _write(chunk, ...rest) {
            log.push(`_write ${chunk}`);
            return super._write(chunk, ...rest);
          }

          emit(event, ...rest) {
            if (event === 'data') log.push('emit data');
            return super.emit(event, ...rest);
          }
        };
      }

      it('their own push, emit and _write are called', async () => {
        const log = [];
        const { server, peer } = await open(net);
        const accepted = once(server, 'connection');
        const socket = track(new (derived(log))());
        const address = server.address();
        socket.connect(typeof address === 'string' ? { path: address } :
          { port: address.port, host: '127.0.0.1' });
        await once(socket, 'connect');
        peer.destroy();
        const [other] = await accepted;
        socket.on('data', (data) => log.push(`data ${data}`));
        socket.write('ping');
        const [ping] = await once(other, 'data');
        other.end('pong');
        await once(socket, 'end');
        assert.strictEqual(String(ping), 'ping');
        assert.deepStrictEqual(log, ['_write ping', 'push pong',
          'emit data', 'data pong', 'push null']);
      });

      it('_read is called again after each chunk', async () => {
        const { client, peer } = await open(net);
        let reads = 0;
        const { _read } = client;
        client._read = function counted(size) {
          reads++;
          return _read.call(this, size);
        };
        client.resume();
        await settle();
        const before = reads;
        peer.write('x');
        await eventually(() => client.bytesRead === 1);
        await settle();
        assert.ok(reads > before, `${reads} calls, ${before} before`);
      });

      it('what is replaced while data is on its way', async () => {
        const log = [];
        const { client, peer } = await open(net);
        client.on('data', (data) => log.push(`data ${data}`));
        await settle();
        peer.write('in flight');
        const { push, write } = client;
        client.push = function pushed(chunk, ...rest) {
          log.push(`push ${chunk}`);
          return push.call(this, chunk, ...rest);
        };
        client.write = function written(chunk, ...rest) {
          log.push(`write ${chunk}`);
          return write.call(this, chunk, ...rest);
        };
        await eventually(() => log.length > 1);
        client.write('answer');
        assert.strictEqual(String((await once(peer, 'data'))[0]), 'answer');
        assert.deepStrictEqual(log,
          ['push in flight', 'data in flight', 'write answer']);
      });
    });
  });

  it('exceptions among events that are ready together', async () => {
    const { stdout } = await spawnScript(name, `
      const log = [];
      process.on('uncaughtException', (error) => log.push(error.message));
      const peers = [];
      const server = net.createServer((peer) => {
        peers.push(peer);
        if (peers.length < 6) return open();
        setImmediate(() => {
          for (const peer of peers) peer.end('x');
        });
      }).listen(0, '127.0.0.1', () => open());
      let left = 6;
      function open() {
        const index = 6 - left--;
        const client = net.connect(server.address().port, '127.0.0.1');
        client.on('data', () => {
          log.push('data ' + index);
          if (index % 2 === 0) throw new Error('thrown by ' + index);
        });
        client.on('end', () => log.push('end ' + index));
        client.on('close', () => {
          log.push('close ' + index);
          if (log.length < 21) return;
          server.close();
          console.log(log.join('|'));
        });
      }`);
    const lines = stdout.trim().split('|');
    for (let i = 0; i < 6; i++) {
      const own = lines.filter((line) => line.endsWith(` ${i}`));
      const thrown = i % 2 === 0 ? [`thrown by ${i}`] : [];
      assert.deepStrictEqual(own,
        [`data ${i}`, ...thrown, `end ${i}`, `close ${i}`]);
    }
    for (const i of [0, 2, 4]) {
      assert.strictEqual(lines[lines.indexOf(`data ${i}`) + 1],
        `thrown by ${i}`);
    }
  });

  it('events that waited while the loop was blocked', async () => {
    const log = await inChild(name, async (net, helper) => {
      const { Worker } = require('node:worker_threads');
      const flag = new Int32Array(new SharedArrayBuffer(4));
      const peers = [];
      const server = await helper.listen(net.createServer((peer) => {
        peers.push(peer);
      }));
      // The sender lives in a thread of its own, on core's net.
      const worker = helper.track(new Worker(`
        const { workerData: { port, flag } } = require('worker_threads');
        const net = require('net');
        const sockets = [0, 1, 2].map(() => net.connect(port, '127.0.0.1'));
        let left = 3;
        for (const socket of sockets) socket.on('connect', () => --left);
        require('worker_threads').parentPort.on('message', () => {
          for (const socket of sockets) socket.end('data');
          setImmediate(() => {
            Atomics.store(flag, 0, 1);
            Atomics.notify(flag, 0);
          });
        });`, { eval: true,
        workerData: { port: server.address().port, flag } }));
      await helper.eventually(() => peers.length === 3, 1e6);
      const lines = [];
      peers.forEach((peer, i) => {
        peer.on('data', (data) => {
          lines.push(`${i} ${data}`);
          process.nextTick(() => lines.push(`${i} tick`));
        });
        peer.on('end', () => lines.push(`${i} end`));
      });
      await helper.turn();
      worker.postMessage('go');
      Atomics.wait(flag, 0, 0);
      await helper.closed(...peers);
      return lines;
    });
    for (let i = 0; i < 3; i++) {
      assert.deepStrictEqual(log.filter((line) => line.startsWith(`${i} `)),
        [`${i} data`, `${i} tick`, `${i} end`]);
      assert.strictEqual(log[log.indexOf(`${i} data`) + 1], `${i} tick`);
    }
  });
});
