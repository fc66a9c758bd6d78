// What servers use of node:http and node:https, without the rest.
//
// An ES import of node:http reads all its exports. One of them is WebSocket, and reading it loads
// undici: a quarter of the processor time that a server's start took.

export const { createServer, STATUS_CODES } = process.getBuiltinModule('node:http');
export const { createServer: createTlsServer } = process.getBuiltinModule('node:https');
