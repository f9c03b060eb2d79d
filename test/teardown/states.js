'use strict';

// The states in which a thread or a process is ended. Each brings its sockets
// and servers there with what subject.js gives it, and calls go() then, in a
// listener where its name says so. What is connected to is in peers.js.
//
// `keeps`: a request is with libuv that never ends, so nothing ends naturally.
// `isLoud`: how much the other ends have seen, and how many there are, is the
// clock's to say; with `loudFor`, for these endings.

const MEGABYTE = 1000000;
// A process that is killed in a listener has no time to send what it wrote
// there, nor to reset what it has accepted ahead (README, Differences). Before
// the other two come, more may be accepted.
const SIGNALS = ['SIGTERM', 'SIGKILL'];
const ACCEPTING_ON = ['terminate', 'natural', ...SIGNALS];

function ignore() {}

module.exports = {
  'nothing yet': { run: ({ go }) => go() },

  'listening': { run: ({ listen, go }) => listen({}, ignore, go) },

  'listening on a path': {
    run: ({ net, track, path, go }) => track(net.createServer().listen(path, go)),
  },

  'about to listen': {
    run({ listen, go }) {
      listen({}, ignore);
      go();
    },
  },

  'listening and closing': {
    run: ({ listen, go }) => listen({}, ignore, (server) => {
      server.close();
      go();
    }),
  },

  'connecting': {
    keeps: true,
    run({ connect, go }) {
      connect('never');
      setTimeout(go, 20);
    },
  },

  'connecting, in the same turn': {
    run({ connect, go }) {
      connect('quiet');
      go();
    },
  },

  'connecting, with writes that wait': {
    keeps: true,
    run({ connect, go }) {
      const socket = connect('never');
      socket.write('x'.repeat(1000));
      socket.end('y');
      setTimeout(go, 20);
    },
  },

  'connecting to one of two addresses': {
    keeps: true,
    run({ connect, go, ports }) {
      connect('never', {
        host: 'two', autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 10,
        lookup: (host, options, callback) => setImmediate(callback, null, [
          { address: '127.0.0.2', family: 4 }, { address: '127.0.0.2', family: 4 },
        ]),
        port: ports.never,
      });
      setTimeout(go, 30);
    },
  },

  'looking up': {
    run({ net, track, go }) {
      track(net.connect({ port: 1, host: 'localhost' })).on('error', ignore);
      go();
    },
  },

  'looking up, with an own lookup that does not answer': {
    run({ net, track, go }) {
      track(net.connect({ port: 1, host: 'nowhere', lookup: ignore }));
      setImmediate(go);
    },
  },

  'a server looking up': {
    run({ net, track, go }) {
      track(net.createServer()).listen(0, 'localhost').on('error', ignore);
      go();
    },
  },

  'refused': {
    run({ connect, go, ports }) {
      connect('quiet', { port: ports.closed }).on('error', go);
    },
  },

  'connected': { run: ({ connect, go }) => connect('quiet', {}, go) },

  'in a listener of connect': {
    run: ({ connect, now }) => connect('quiet').on('connect', now),
  },

  'connected over a path': {
    run: ({ connect, go }) => connect('path', {}, go),
  },

  'a hundred connections': {
    run({ connect, go }) {
      const sockets = Array.from({ length: 100 }, () => connect('echo'));
      let left = sockets.length;
      const answered = () => { if (--left === 0) go(); };
      for (const socket of sockets) {
        socket.write('hello');
        socket.once('data', answered);
      }
    },
  },

  'writes wait': {
    keeps: true,
    isLoud: true,
    run({ connect, go }) {
      const socket = connect('deaf', {}, () => {
        for (let i = 0; i < 10; i++) socket.write(Buffer.alloc(MEGABYTE));
        setTimeout(go, 10);
      });
    },
  },

  'writes wait, and it is to end': {
    keeps: true,
    isLoud: true,
    run({ connect, go }) {
      const socket = connect('deaf', {}, () => {
        for (let i = 0; i < 10; i++) socket.write('x'.repeat(MEGABYTE));
        socket.end();
        setTimeout(go, 10);
      });
    },
  },

  'writes wait, and it was destroyed': {
    isLoud: true,
    run({ connect, go }) {
      const socket = connect('deaf', {}, () => {
        for (let i = 0; i < 10; i++) socket.write(Buffer.alloc(MEGABYTE), ignore);
        socket.destroy();
        go();
      });
    },
  },

  'corked': {
    run({ connect, go }) {
      const socket = connect('quiet', {}, () => {
        socket.cork();
        socket.write('one');
        socket.write('two');
        go();
      });
    },
  },

  'in a listener of data, with small writes': {
    loudFor: SIGNALS,
    run({ connect, now }) {
      const socket = connect('echo', {}, () => socket.write('hello'));
      socket.once('data', () => {
        socket.write('one');
        socket.write('two');
        now();
      });
    },
  },

  'in a listener of data, with small writes of many': {
    loudFor: SIGNALS,
    run({ connect, now }) {
      const others = [0, 1, 2, 3].map(() => connect('quiet'));
      const socket = connect('echo', {}, () =>
        setTimeout(() => socket.write('hello'), 30));
      socket.once('data', () => {
        for (const other of others) other.write('one');
        now();
      });
    },
  },

  'in a tick of a listener of data': {
    run({ connect, now }) {
      const socket = connect('echo', {}, () => socket.write('hello'));
      socket.once('data', () => process.nextTick(now));
    },
  },

  'in a microtask of a listener of data': {
    run({ connect, now }) {
      const socket = connect('echo', {}, () => socket.write('hello'));
      socket.once('data', () => { Promise.resolve().then(now); });
    },
  },

  'in the callback of a write': {
    run({ connect, now }) {
      const socket = connect('quiet', {}, () => socket.write('hello', now));
    },
  },

  'in a listener of drain': {
    isLoud: true,
    run({ connect, now }) {
      // However much the kernel takes at once.
      const socket = connect('quiet', {}, () => {
        while (socket.write(Buffer.alloc(MEGABYTE)));
      });
      socket.on('drain', now);
    },
  },

  'receiving': {
    isLoud: true,
    run: ({ connect, go }) => connect('source').once('data', go),
  },

  'in a listener of data, with more behind': {
    isLoud: true,
    run: ({ connect, now }) => connect('source').once('data', now),
  },

  'in the first listener of many': {
    isLoud: true,
    run({ connect, now }) {
      for (let i = 0; i < 10; i++) connect('source').once('data', now);
    },
  },

  'paused': {
    isLoud: true,
    run({ connect, go }) {
      const socket = connect('source', {}, () => setTimeout(go, 10));
      socket.pause();
    },
  },

  'reading with readable': {
    isLoud: true,
    run: ({ connect, go }) => connect('source').once('readable', go),
  },

  'reading with for await': {
    isLoud: true,
    async run({ connect, go }) {
      let count = 0;
      for await (const chunk of connect('source')) {
        if (chunk.length > 0 && ++count === 3) go();
      }
    },
  },

  'reading into an own buffer': {
    isLoud: true,
    run({ connect, go }) {
      connect('source', { onread: { buffer: Buffer.alloc(1000),
        callback() { setImmediate(go); return true; } } });
    },
  },

  'in the callback of onread': {
    isLoud: true,
    run({ connect, now }) {
      connect('source', { onread: { buffer: () => Buffer.alloc(1000),
        callback() { now(); return true; } } });
    },
  },

  'piped to itself': {
    isLoud: true,
    run({ connect, go }) {
      const socket = connect('source');
      socket.pipe(socket);
      setTimeout(go, 20);
    },
  },

  'piped to another and back': {
    isLoud: true,
    run({ connect, go }) {
      const one = connect('source');
      const other = connect('echo');
      one.pipe(other).pipe(one);
      setTimeout(go, 20);
    },
  },

  'we have ended': {
    run: ({ connect, go }) => connect('half').end('bye', () => setTimeout(go, 10)),
  },

  'the peer has ended': {
    run({ connect, go }) {
      connect('ends', { allowHalfOpen: true }).on('end', () => setImmediate(go))
        .resume();
    },
  },

  'in a listener of end': {
    run: ({ connect, now }) => connect('ends').on('end', now).resume(),
  },

  'both have ended': {
    run: ({ connect, go }) => connect('ends').on('close', go).resume(),
  },

  'in a listener of close': {
    run: ({ connect, now }) => connect('ends').on('close', now).resume(),
  },

  'destroyed in this turn': {
    run({ connect, go }) {
      const socket = connect('quiet', {}, () => {
        socket.destroy();
        go();
      });
    },
  },

  'reset in this turn': {
    run({ connect, go }) {
      const socket = connect('quiet', {}, () => {
        socket.resetAndDestroy();
        go();
      });
    },
  },

  'in a listener of timeout': {
    run: ({ connect, now }) =>
      connect('quiet', {}, function connected() { this.setTimeout(5, now); }),
  },

  'accepting': {
    run: ({ listen, come, go }) => listen({}, ignore, (server) => {
      come(server, 5);
      setTimeout(go, 30);
    }),
  },

  'in a listener of connection': {
    loudFor: ACCEPTING_ON,
    run({ listen, come, now }) {
      listen({}, now, (server) => come(server, 5));
    },
  },

  'accepted and paused': {
    run({ listen, come, go }) {
      listen({ pauseOnConnect: true }, () => setImmediate(go),
        (server) => come(server, 1));
    },
  },

  // One: what others have sent may have been read by then, or not.
  'answering who comes': {
    loudFor: SIGNALS,
    run({ listen, come, now }) {
      listen({}, (peer) => {
        peer.on('error', ignore);
        peer.once('data', () => {
          peer.write('answer');
          now();
        });
      }, (server) => come(server, 1, 'question'));
    },
  },

  'a closed server with connections': {
    run({ listen, come, go }) {
      listen({}, () => setImmediate(go), (server) => {
        come(server, 1);
        server.once('connection', () => server.close());
      });
    },
  },

  'TLS over it': {
    run({ connect, tls, track, go }) {
      track(tls.connect({ ...tls.psk, socket: connect('tls') }))
        .on('secureConnect', go);
    },
  },

  'TLS over it, shaking hands': {
    run({ connect, tls, track, go }) {
      track(tls.connect({ ...tls.psk, socket: connect('quiet') }));
      setTimeout(go, 20);
    },
  },

  'an http server in a request': {
    loudFor: ['terminate'],
    run({ http, track, come, now }) {
      const server = track(http.createServer((request, response) => {
        response.write('some');
        now();
      }));
      server.on('connection', track);
      server.listen(0, '127.0.0.1', () =>
        come(server, 1, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
    },
  },

  'aborted by a signal': {
    run({ net, track, ports, go }) {
      const control = new AbortController();
      const socket = track(new net.Socket({ signal: control.signal }));
      socket.on('error', ignore);
      socket.connect(ports.quiet, '127.0.0.1', () => {
        control.abort();
        go();
      });
    },
  },
};
