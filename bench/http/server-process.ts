// A server under load, in its own process: Credveil, or raw node:http with bodies in memory.
// server-children.ts starts it and sends its settings. It replies to each later message with
// { cpuMs }.

import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { startServer } from '../../server/server.ts';
import { parseKeyText } from '../../store/dataset-key.ts';
import type { ServerKind } from './server-children.ts';

const [kind] = (await once(process, 'message')) as [ServerKind];

async function listen(): Promise<number> {
  if ('folder' in kind) {
    const { folder, keyText, port = 0, reusePort = false, maxHeldBytes } = kind;
    const key = keyText === undefined ? {} : { key: parseKeyText(keyText) };
    const held = maxHeldBytes === undefined ? {} : { maxHeldBytes };
    return (await startServer(folder, { ...key, ...held, port, reusePort })).address.port;
  }
  const find = bodyFinder(kind);
  const headers = 'headers' in kind ? kind.headers : ['Content-Type', 'application/octet-stream'];
  const server = http.createServer((request, response) => {
    const body = find(request.url ?? '');
    response.writeHead(body ? 200 : 404, [...headers, 'Content-Length', String(body?.length ?? 0)]);
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function bodyFinder(raw: Exclude<ServerKind, { folder: string }>): (url: string) => Buffer | undefined {
  if ('bodyBytes' in raw) {
    const body = Buffer.alloc(raw.bodyBytes, 1);
    return () => body;
  }
  const bodies = new Map<string, Buffer>();
  for (const entry of fs.readdirSync(raw.bodiesFolder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) {
      const file = path.join(entry.parentPath, entry.name);
      bodies.set(`/${path.relative(raw.bodiesFolder, file)}`, fs.readFileSync(file));
    }
  return (url) => bodies.get(url);
}

const port = await listen();
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMs: (user + system) / 1000 });
});
process.on('disconnect', () => process.exit(0));
process.send?.({ port });
