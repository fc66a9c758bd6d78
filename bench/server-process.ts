// A server in a process of its own, for load: Credveil's, or a raw node:http server with a constant body.
// Started by server-children.ts, which says what to serve; then answers { cpuMs } whenever it is sent a message.

import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { startServer } from '../server/server.ts';
import { parseKeyText } from '../store/key-file.ts';
import type { ServerKind } from './server-children.ts';

const [kind] = (await once(process, 'message')) as [ServerKind];

async function listen(): Promise<number> {
  if ('folder' in kind) {
    const { folder, keyText, port = 0, reusePort = false } = kind;
    const key = keyText === undefined ? {} : { key: parseKeyText(keyText) };
    return (await startServer(folder, { ...key, port, reusePort })).address.port;
  }
  const body = Buffer.alloc(kind.bodyBytes, 1);
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
