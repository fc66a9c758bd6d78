// A server in a process of its own, for load: Credveil's, or a raw node:http server with a constant body.
// Started by http-load.ts; answers { cpuMs } whenever it is sent a message.

import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { startServer } from '../server/server.ts';

const [kind, argument] = process.argv.slice(2);

async function listen(): Promise<number> {
  if (kind === 'credveil') return (await startServer(argument as string, { port: 0 })).address.port;
  const body = Buffer.alloc(Number(argument), 1);
  const server = http.createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': body.length });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const port = await listen();
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMs: (user + system) / 1000 });
});
process.on('disconnect', () => process.exit(0));
process.send?.({ port });
