// The same shape as node:net, so its types are those of @types/node.
/// <reference types="node" />
export * from 'node:net';

/** uvnet's own version. */
export const version: string;

/** Sums over the life of this thread. */
export interface Statistics {
  /** Bytes that sockets have read. */
  bytesRead: number;
  /** Bytes that the kernel has taken, or libuv will give to it. */
  bytesWritten: number;
  /** Of those, bytes that went from a socket to the one it is piped to without
   * becoming chunks. */
  bytesRelayed: number;
  /** Handles that were opened: of sockets, connections and servers. */
  handlesOpened: number;
  handlesClosed: number;
  /** Calls from libuv into JavaScript, */
  dispatches: number;
  /** and the events they brought. */
  events: number;
}

/** What uvnet has done in this thread. */
export function statistics(): Statistics;
