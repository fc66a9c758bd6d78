// A proxy of npm packages in its own process, or the origin behind all of them.
// `node proxy-process.ts KIND ORIGIN_PORT` prints its port.

import http from 'node:http';
import type { AddressInfo } from 'node:net';

const [kind = '', originPort = ''] = process.argv.slice(2);
const target = `http://127.0.0.1:${originPort}`;

const servers: { readonly [kind: string]: () => Promise<http.Server> } = {
  /** Answers a kilobyte. */
  origin: async () => {
    const body = Buffer.alloc(1_024, 'x');
    const headers = ['Content-Type', 'text/plain', 'Content-Length', String(body.length), 'X-App', 'bench'];
    return http.createServer((request, response) => {
      request.resume();
      response.writeHead(200, headers);
      response.end(body);
    });
  },
  /** Takes every password. */
  login: async () =>
    http.createServer((request, response) => {
      request.resume().on('end', () => response.writeHead(302, { Location: '/', 'Set-Cookie': 'sid=1; Path=/' }).end());
    }),
  /** The least that a proxy of node:http and undici does. */
  bare: async () => {
    const { Pool } = await import('undici');
    const pool = new Pool(target, { connections: 256, pipelining: 1 });
    return http.createServer((request, response) => {
      const { method = 'GET', url = '/', rawHeaders } = request;
      const headers = rawHeaders.filter((_, i) => !/^(?:connection|host)$/i.test(rawHeaders[i - (i % 2)] as string));
      pool.dispatch(
        { method: method as 'GET', path: url, headers: ['Host', request.headers.host ?? '', ...headers] },
        {
          onRequestStart: () => undefined,
          onResponseStart: (controller, status, _, statusText) => {
            const raw = (controller.rawHeaders as Buffer[]).map((part) => part.toString('latin1'));
            const kept = raw.filter((__, i) => !/^(?:connection|keep-alive)$/i.test(raw[i - (i % 2)] as string));
            response.writeHead(status, statusText, kept);
          },
          onResponseData: (controller, chunk) => {
            if (response.write(chunk)) return;
            controller.pause();
            response.once('drain', () => controller.resume());
          },
          onResponseEnd: () => response.end(),
          onResponseError: () => response.destroy(),
        },
      );
    });
  },
  httpxy: async () => {
    const { createProxyServer } = await import('httpxy');
    const proxy = createProxyServer({ target, agent: new http.Agent({ keepAlive: true, maxSockets: 256 }) });
    return http.createServer((request, response) => {
      proxy.web(request, response).catch(() => response.destroy());
    });
  },
  'http-proxy-3': async () => {
    const { createProxyServer } = await import('http-proxy-3');
    const proxy = createProxyServer({ target, agent: new http.Agent({ keepAlive: true, maxSockets: 256 }) });
    return http.createServer((request, response) => void proxy.web(request, response));
  },
};

const server = await servers[kind]?.();
if (!server) throw new Error(`no proxy ${kind}`);
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
