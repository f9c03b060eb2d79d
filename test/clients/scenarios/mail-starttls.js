'use strict';

// STARTTLS: both ends go from clear to encrypted on the same connection.

const assert = require('node:assert');
const { once } = require('node:events');
const nodemailer = require('nodemailer');
const { SMTPServer } = require('smtp-server');
const { scenario } = require('../scenario');

const LARGE = 8 << 20;

async function readAll(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function makeServer({ log, key, cert }, mails) {
  return new SMTPServer({
    key,
    cert,
    hideSTARTTLS: false,
    disableReverseLookup: true,
    authMethods: ['PLAIN'],
    onConnect(session, done) {
      log('server', 'connect', session.secure);
      done();
    },
    onSecure(socket, session, done) {
      log('server', 'secure', session.secure, session.servername);
      done();
    },
    onAuth({ username, password }, session, done) {
      log('server', 'auth', session.secure, username);
      done(password === 'secret' ? null : new Error('wrong'), { user: username });
    },
    onData(stream, { envelope }, done) {
      readAll(stream).then((body) => {
        const recipients = envelope.rcptTo.map(({ address }) => address);
        log('server', 'data', envelope.mailFrom.address, ...recipients);
        mails.push(body);
        done();
      }, done);
    },
    onClose() {
      log('server', 'close');
    },
  });
}

function makeTransport(port, { cert }, options) {
  return nodemailer.createTransport({
    host: '127.0.0.1',
    port,
    secure: false,
    requireTLS: true,
    name: 'client.test',
    auth: { user: 'someone', pass: 'secret' },
    tls: { ca: cert, servername: 'localhost' },
    ...options,
  });
}

const envelope = { from: 'a@client.test', to: ['b@server.test', 'c@server.test'] };

async function sendOne(port, tools, mails) {
  const raw = Buffer.alloc(LARGE, `${'line of text '.repeat(5)}\r\n`);
  const transport = makeTransport(port, tools);
  const { accepted, response } = await transport.sendMail({ envelope, raw });
  tools.log('client', response.slice(0, 3), ...accepted);
  const [body] = mails.splice(0);
  assert.ok(body.subarray(0, LARGE).equals(raw));
  transport.close();
}

/** Several mails over one connection that is kept. */
async function sendMany(port, tools, mails) {
  const transport = makeTransport(port, tools, { pool: true, maxConnections: 1 });
  for (const subject of ['one', 'two', 'three']) {
    await transport.sendMail({ ...envelope, subject, text: `text of ${subject}` });
    assert.match(mails.pop().toString(), new RegExp(`^Subject: ${subject}\r$`, 'm'));
  }
  transport.close();
}

async function refuse(port, tools) {
  const strangers = { tls: { servername: 'localhost' } };
  const transport = makeTransport(port, tools, strangers);
  await assert.rejects(transport.verify(), (error) => {
    tools.log('client', error.code, error.command);
    return true;
  });
  transport.close();
}

scenario(async (tools) => {
  const mails = [];
  const server = makeServer(tools, mails);
  server.on('error', (error) => tools.log('errors', error));
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address();
  await sendOne(port, tools, mails);
  await sendMany(port, tools, mails);
  await refuse(port, tools);
  await new Promise((resolve) => { server.close(resolve); });
  tools.log('listener', 'close');
});
