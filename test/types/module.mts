// The package as an ES module sees it. Nothing here runs.
import net, { BlockList, connect, createServer, isIP } from 'uvnet';
import type { Server, Socket } from 'uvnet';
import * as all from 'uvnet';
import 'uvnet/register';

const server: Server = createServer((socket: Socket) => socket.end());
const client: Socket = connect({ path: '/tmp/socket' });
const same: typeof net.Socket = all.Socket;
const list: net.BlockList = new BlockList();
const version: number = isIP('127.0.0.1');

// @ts-expect-error: no such export
import { noSuchFunction } from 'uvnet';

export { client, list, noSuchFunction, same, server, version };
