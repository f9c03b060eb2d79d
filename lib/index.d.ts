// The same shape as node:net, so its types are those of @types/node.
/// <reference types="node" />
import net = require('node:net');
export = net;
