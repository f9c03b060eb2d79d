'use strict';

// TLS without certificates: both ends know a key.

const psk = Buffer.from('d731ef57be09e5204f0b205b60627028', 'hex');
const common = { ciphers: 'PSK', maxVersion: 'TLSv1.2' };

module.exports = {
  server: { ...common, pskCallback: () => psk },
  client: {
    ...common,
    checkServerIdentity() {},
    pskCallback: () => ({ psk, identity: 'test' }),
  },
};
