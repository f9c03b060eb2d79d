// The package as CommonJS sees it, by its own name. Nothing here runs.
import core = require('node:net');
import uvnet = require('uvnet');
import 'uvnet/register';

const server: uvnet.Server = uvnet.createServer(
  { allowHalfOpen: true },
  (socket: uvnet.Socket) => {
    socket.setNoDelay(true).setTimeout(1000);
    socket.pipe(socket);
  },
);
server.listen({ port: 0, host: '127.0.0.1' });

const options: uvnet.TcpNetConnectOpts = { port: 80, noDelay: true };
const socket: uvnet.Socket = uvnet.connect(options);
const address: uvnet.AddressInfo | {} = socket.address();

const list = new uvnet.BlockList();
list.addSubnet('10.0.0.0', 8);
const blocked: boolean = list.check('10.1.1.1');
const version: number = uvnet.isIP('::1');

// Ours go where core's are wanted, and the other way round.
const shape: typeof core = uvnet;
const asCore: core.Socket = new uvnet.Socket();
const asOurs: uvnet.Socket = new core.Socket();

// @ts-expect-error: no such member
uvnet.noSuchFunction();
// @ts-expect-error: a port is no object
uvnet.connect({ port: {} });

export { address, asCore, asOurs, blocked, shape, version };
