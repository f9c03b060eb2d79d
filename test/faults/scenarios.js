'use strict';

// What programs do with sockets, one after the other made to fail at each of
// its system calls. Each is given a World; `late` ones arm the shim themselves,
// when their sockets are connected. `tcp` and `unix` say where it runs; both if
// it says nothing.

const net = require('node:net');

const MESSAGE = 40;
const BULK = 400 * 1024;
const PIECE = 40 * 1024;

// Both ends talk in turn; whoever speaks first ends.
function echo(t) {
  t.serve({}, (peer) => {
    peer.on('data', (chunk) => peer.write(chunk));
  }, () => {
    const client = t.client();
    let left = 3;
    client.on('data', () => {
      if (--left > 0) t.write(client, MESSAGE);
      else client.end();
    });
    t.write(client, MESSAGE);
  });
}

// The same on sockets that are connected already.
function steady(t) {
  t.serve({}, (peer) => {
    peer.on('data', (chunk) => peer.write(chunk));
  }, () => {
    const client = t.client();
    let left = 4;
    client.on('data', () => {
      if (left === 4) t.arm();
      if (--left > 0) t.writeAsking(client, MESSAGE);
      else client.end();
    });
    client.on('connect', () => t.write(client, MESSAGE));
  });
}

// Several come at once, and two more later; each gets an answer and the end.
function burst(t) {
  const count = 5;
  let closed = 0;
  let more = 2;
  t.serve({}, (peer) => {
    peer.end(t.next(peer, MESSAGE));
  }, () => {
    const start = () => t.client().on('close', () => {
      if (++closed >= count && more-- > 0 && !t.isEnding) start();
    });
    for (let i = 0; i < count; i++) start();
  });
}

function sendBulk(t, socket) {
  while (t.sent.get(socket) < BULK) t.writeAsking(socket, PIECE);
  socket.end();
}

function bulk(t) {
  t.serve({ allowHalfOpen: true }, (peer) => sendBulk(t, peer), () => {
    const client = t.client({ allowHalfOpen: true });
    sendBulk(t, client);
  });
}

// Writes that nobody waits for, to a peer that does not read yet.
function flood(t) {
  t.serve({ pauseOnConnect: true }, (peer) => {
    peer.pause();
    setTimeout(() => peer.resume(), 20);
  }, () => {
    const client = t.client();
    client.on('connect', () => {
      while (t.sent.get(client) < 4 * BULK) t.write(client, PIECE);
      client.end();
    });
  });
}

// Strings, which are encoded into memory of the addon's.
function strings(t) {
  t.serve({ pauseOnConnect: true }, (peer) => {
    setTimeout(() => peer.resume(), 20);
  }, () => {
    const client = t.client();
    client.on('connect', () => {
      for (let i = 0; i < 40; i++) {
        const text = t.next(client, PIECE).latin1Slice();
        const encoding = i % 2 === 0 ? 'utf8' : 'latin1';
        if (i % 3 === 0) client.write(text, encoding, t.asking(client));
        else client.write(text, encoding);
      }
      client.end('');
    });
  });
}

// Many buffers in one system call, small ones and large ones.
function corked(t) {
  t.serve({ pauseOnConnect: true }, (peer) => {
    setTimeout(() => peer.resume(), 20);
  }, () => {
    const client = t.client();
    client.on('connect', () => {
      for (const [count, length] of [[4, 10], [100, 100], [100, 30000]]) {
        client.cork();
        for (let i = 0; i < count; i++) t.write(client, length);
        client.uncork();
      }
      client.end();
    });
  });
}

// Several small answers to one message, which leave together.
function answers(t) {
  t.serve({}, (peer) => {
    peer.on('data', () => {
      for (let i = 0; i < 4; i++) t.write(peer, MESSAGE);
      if (t.sent.get(peer) >= 12 * MESSAGE) peer.end(t.next(peer, MESSAGE));
    });
  }, () => {
    const client = t.client();
    let received = 0;
    client.on('data', (chunk) => {
      received += chunk.length;
      if (received % (4 * MESSAGE) === 0) t.write(client, 1);
    });
    t.write(client, 1);
  });
}

// Ten pairs in one turn of the loop, so that their events share a dispatch.
function crowd(t) {
  const count = 10;
  let ready = 0;
  const clients = [];
  t.serve({}, (peer) => {
    peer.on('data', (chunk) => peer.write(chunk));
    if (++ready < count) return;
    t.arm();
    for (const client of clients) t.write(client, MESSAGE);
  }, () => {
    for (let i = 0; i < count; i++) {
      const client = t.client();
      clients.push(client);
      client.on('data', () => {
        if (t.sent.get(client) < 3 * MESSAGE) t.write(client, MESSAGE);
        else client.end();
      });
    }
  });
}

// The client ends first and is answered after that.
function halfOpen(t) {
  t.serve({ allowHalfOpen: true }, (peer) => {
    peer.on('end', () => peer.end(t.next(peer, MESSAGE)));
  }, () => {
    const client = t.client({ allowHalfOpen: true });
    t.write(client, MESSAGE);
    client.end();
  });
}

// Destroyed in the middle of what it sends.
function destroy(t) {
  t.serve({}, (peer) => {
    peer.once('data', () => {
      t.write(peer, MESSAGE);
      peer.destroy();
    });
  }, () => {
    const client = t.client();
    t.write(client, MESSAGE);
  });
}

function reset(t) {
  t.serve({}, (peer) => {
    peer.once('data', () => peer.resetAndDestroy());
  }, () => {
    const client = t.client();
    t.write(client, MESSAGE);
  });
}

// Reads into a buffer of the user's.
function onread(t) {
  const buffer = Buffer.alloc(16 * 1024);
  let received = 0;
  t.serve({}, (peer) => {
    sendBulk(t, peer);
  }, () => {
    t.client({ onread: {
      buffer,
      callback(count, bytes) {
        t.check(received, bytes.subarray(0, count));
        received += count;
        return true;
      },
    } });
  });
}

// Pauses after each chunk.
function paused(t) {
  t.serve({}, (peer) => sendBulk(t, peer), () => {
    const client = t.client();
    client.on('data', () => {
      client.pause();
      setImmediate(() => client.resume());
    });
  });
}

// A name with two addresses, of which the second answers.
function named(t) {
  const lookup = (host, query, callback) => process.nextTick(callback, null,
    [{ address: '::1', family: 6 }, { address: '127.0.0.1', family: 4 }]);
  t.serve({}, (peer) => {
    peer.on('data', (chunk) => peer.end(chunk));
  }, () => {
    const client = t.client({ host: 'a.test', lookup, autoSelectFamily: true });
    t.write(client, MESSAGE);
  });
}

// Between two sockets, by pipe().
function relay(t) {
  t.serve({}, (peer) => {
    peer.pipe(peer);
  }, () => {
    const { target } = t;
    const where = t.isUnix ? { path: `${target.path}2` } : t.where;
    t.serve({}, (peer) => {
      const upstream = t.socket('upstream', t.net.connect(target));
      peer.pipe(upstream).pipe(peer);
    }, () => {
      const client = t.client();
      let received = 0;
      for (let i = 0; i < 4; i++) t.write(client, PIECE);
      client.on('data', (chunk) => {
        received += chunk.length;
        if (received === 4 * PIECE) client.end();
      });
    }, where);
  });
}

// Listens on a descriptor that something else has bound.
function descriptor(t) {
  const handle = t.isUnix ? net._createServerHandle(t.path, -1, -1) :
    net._createServerHandle('127.0.0.1', 0, 4);
  if (typeof handle === 'number') {
    t.log('handle', String(handle));
    return;
  }
  const server = t.serve({}, (peer) => {
    peer.end(t.next(peer, MESSAGE));
  }, () => {
    if (t.isUnix) t.target = { path: t.path };
    t.client();
  }, { fd: handle.fd });
  server.on('close', () => handle.close());
  server.on('error', () => handle.close());
}

// Options, names, and a local address of its own.
function options(t) {
  const settings = { noDelay: true, keepAlive: true,
    keepAliveInitialDelay: 2000 };
  const names = (socket) => [socket.remoteAddress, socket.localAddress,
    socket.localFamily, typeof socket.remotePort].join(',');
  t.serve(settings, (peer) => {
    t.log(peer.label, names(peer));
    peer.setNoDelay(false);
    peer.end(t.next(peer, MESSAGE));
  }, () => {
    const client = t.client({ ...settings, localAddress: '127.0.0.1' });
    client.on('connect', () => {
      t.log(client.label, names(client));
      client.setKeepAlive(false);
    });
  });
}

// Nobody listens there.
function refused(t) {
  const server = t.serve({}, () => {}, () => {
    t.forget(server);
    server.close(() => {
      const client = t.client();
      t.write(client, MESSAGE);
      client.end();
    });
  });
}

// All interfaces, of both families.
function anywhere(t) {
  t.serve({}, (peer) => {
    peer.end(t.next(peer, MESSAGE));
  }, () => t.client(), { port: 0 });
}

// Whoever may is to connect to the path.
function mode(t) {
  t.serve({}, (peer) => {
    peer.end(t.next(peer, MESSAGE));
  }, () => t.client(), { path: t.path, readableAll: true, writableAll: true });
}

// How much of what is sent is read when another end fails is chance.
const racy = { tcp: true, unix: true, isRacy: true };
const tcp = { tcp: true };
const unix = { unix: true };
const both = { tcp: true, unix: true };
const late = { tcp: true, unix: true, late: true };
const lateRacy = { ...late, isRacy: true };

module.exports = {
  scenarios: {
    echo: [echo, both],
    steady: [steady, late],
    burst: [burst, racy],
    bulk: [bulk, racy],
    flood: [flood, racy],
    strings: [strings, racy],
    corked: [corked, racy],
    answers: [answers, racy],
    crowd: [crowd, lateRacy],
    halfOpen: [halfOpen, both],
    destroy: [destroy, both],
    reset: [reset, tcp],
    onread: [onread, racy],
    paused: [paused, racy],
    named: [named, tcp],
    relay: [relay, { ...racy, isChained: true }],
    descriptor: [descriptor, both],
    options: [options, tcp],
    refused: [refused, both],
    anywhere: [anywhere, tcp],
    mode: [mode, unix],
  },
};
