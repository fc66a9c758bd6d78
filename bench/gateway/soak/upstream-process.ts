// The application of the gateway's soak: says what it got, on the port of its argument, until it is
// killed.

import http from 'node:http';

const server = http.createServer((request, response) => {
  let bytes = 0;
  request.on('data', (piece: Buffer) => {
    bytes += piece.length;
  });
  request.on('end', () => response.end(`${request.method} ${request.url} ${bytes}`));
});
server.listen(Number(process.argv[2]), '127.0.0.1', () => process.send?.('listening'));
