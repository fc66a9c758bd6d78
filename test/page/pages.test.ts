// The pages as a server sends them: policies, caching and references. Their behaviour in a browser
// is in test/system/pages.test.ts.

import fs from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect } from 'vitest';
import { type CredveilServer, startServer } from '../../server/server.ts';
import { serveDataset } from '../support/credveil.ts';
import { root } from '../support/paths.ts';
import { connect, readToEnd } from '../support/raw-http.ts';
import { test } from '../support/worlds/two-datasets.ts';

const PAGES = ['/', '/status'];
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/** Sends a raw request and returns the raw response: fetch would decompress it. */
async function getRaw(
  server: CredveilServer,
  target: string,
  header = '',
): Promise<{ status: number; head: string; body: Buffer }> {
  const socket = await connect(server);
  socket.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n${header}Connection: close\r\n\r\n`);
  const answer = await readToEnd(socket);
  const end = answer.indexOf('\r\n\r\n');
  const head = answer.slice(0, end);
  return { status: Number(head.split(' ')[1]), head, body: Buffer.from(answer.slice(end + 4), 'latin1') };
}

/** Fetches a document's references recursively. @returns the files by path */
async function crawl(server: CredveilServer, page: string): Promise<Map<string, { type: string; text: string }>> {
  const found = new Map<string, { type: string; text: string }>();
  const waiting = [page];
  for (let target = waiting.pop(); target !== undefined; target = waiting.pop()) {
    if (found.has(target)) continue;
    const answer = await fetch(`${server.url}${target}`);
    expect([target, answer.status]).toEqual([target, 200]);
    const type = answer.headers.get('content-type') ?? '';
    const text = await answer.text();
    found.set(target, { type, text });
    const references = type.startsWith('text/html')
      ? [...text.matchAll(/\b(?:href|src)="(assets\/[^"]+)"/g)]
      : [
          ...text.matchAll(/^(?:import|export)\b(?:[^'"`;=(]*\bfrom)?\s*['"]([^'"\n]+)['"]/gm),
          ...text.matchAll(/^(?!\s*\*).*\bimport\(\s*['"]([^'"]+)['"]/gm),
        ];
    if (!/html|javascript/.test(type)) continue;
    for (const [, reference = ''] of references) {
      expect(reference, `in ${target}`).toMatch(/^(assets|\.{1,2})\//);
      waiting.push(new URL(reference, `http://host${target}`).pathname);
    }
  }
  return found;
}

describe.each(PAGES)('the page %s', (page) => {
  test('the page has a policy that forbids inline code and foreign sources', async ({ get }) => {
    const { headers } = await get(page);
    expect(headers.get('content-security-policy')).toBe(POLICY);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(headers.get('access-control-allow-origin')).toBe(null);
    expect(headers.get('cache-control')).toBe('no-cache');
  });

  test('the page has no inline script, style or handler, and unnamed fields without autocomplete', async ({ get }) => {
    const text = await (await get(page)).text();
    for (const [script, content] of text.matchAll(/<script\b[^>]*>([^<]*)<\/script>/g)) {
      expect(script).toMatch(/ src="assets\//);
      expect(content).toBe('');
    }
    expect(text).not.toMatch(/<style|\sstyle=|\son[a-z]+=|javascript:|https?:/i);
    const fields = [...text.matchAll(/<input\b[^>]*>/g)].map(([field]) => field);
    expect(fields.length).toBeGreaterThan(0);
    for (const field of fields) {
      expect(field).toContain('autocomplete="off"');
      // A field without a name is in no form data, even if the script fails.
      expect(field).not.toMatch(/\sname=/);
    }
    for (const [form] of text.matchAll(/<form\b[^>]*>/g)) expect(form).not.toMatch(/\s(action|method)=/);
  });

  test('all direct and indirect references of the page exist and have the right types', async ({ server }) => {
    const files = await crawl(server, page);
    const types = [...files].map(([target, { type }]) => `${path.extname(target)} ${type}`);
    expect(new Set(types)).toEqual(
      new Set([
        ' text/html; charset=utf-8',
        '.css text/css; charset=utf-8',
        '.svg image/svg+xml',
        '.ts text/javascript; charset=utf-8',
        '.js text/javascript; charset=utf-8',
      ]),
    );
    // The page preloads the modules that it loads first.
    const preloaded = [...(files.get(page)?.text ?? '').matchAll(/rel="modulepreload" href="([^"]+)"/g)];
    expect(preloaded.length).toBeGreaterThan(5);
    for (const [target, { text }] of files) {
      if (!target.endsWith('.ts')) continue;
      // Browsers run it without type syntax; everything else is as in the repository.
      expect(text).not.toMatch(/^import type|^export (interface|type) /m);
      const source = fs.readFileSync(path.join(root, target.replace(/^\/assets\/[0-9a-f]{16}\//, '')), 'utf8');
      expect(text.split('\n')[0]).toBe(source.split('\n')[0]);
    }
  });

  test('the page supports HEAD, If-None-Match and gzip', async ({ server, get }) => {
    const whole = await get(page, { 'accept-encoding': 'identity' });
    const text = await whole.text();
    const head = await get(page, { 'accept-encoding': 'identity' }, 'HEAD');
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([
      200,
      String(Buffer.byteLength(text)),
      '',
    ]);
    const etag = whole.headers.get('etag') ?? '';
    const fresh = await get(page, { 'if-none-match': etag, 'accept-encoding': 'identity' });
    expect([fresh.status, fresh.headers.get('content-security-policy')]).toEqual([304, POLICY]);
    const zipped = await getRaw(server, page, 'Accept-Encoding: br, gzip\r\n');
    expect(zipped.head).toMatch(/^Content-Encoding: gzip$/m);
    expect(zipped.head).toMatch(/^Vary: Accept-Encoding$/m);
    expect(zipped.head).toMatch(/^ETag: "[0-9a-f]{32}-gzip"$/m);
    expect(gunzipSync(zipped.body).toString()).toBe(text);
    const refused = await get(page, { 'accept-encoding': 'gzip;q=0' });
    expect(refused.headers.get('content-encoding')).toBe(null);
  });

  test('the page refuses methods that write', async ({ get }) => {
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const answer = await get(page, {}, method);
      expect([method, answer.status, answer.headers.get('allow')]).toEqual([method, 405, 'GET, HEAD, OPTIONS']);
    }
  });
});

describe('files of the pages', () => {
  test('assets are immutable for caches, since their path changes with their content', async ({ get }) => {
    const [, asset = ''] = /src="(assets\/[^"]+)"/.exec(await (await get('/')).text()) ?? [];
    expect(asset).toMatch(/^assets\/[0-9a-f]{16}\/page\/check\.ts$/);
    const answer = await get(`/${asset}`);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(answer.headers.get('content-security-policy')).toBe(POLICY);
  });

  test.for([
    'server/server.ts',
    'store/key-file.ts',
    '../../package.json',
    '%2e%2e/package.json',
    'page/check.html',
    '',
  ])('a file that no page needs is not served as an asset: %s', async (file, { server, get }) => {
    const [, version = ''] = /assets\/([0-9a-f]{16})\//.exec(await (await get('/')).text()) ?? [];
    const { status } = await getRaw(server, `/assets/${version}/${file}`);
    expect(status).toBe(404);
  });
});

test('a server without pages serves neither pages, their assets nor /v1/status', async ({ datasets }) => {
  const bare = await startServer(datasets[1].folder, { port: 0, pages: false });
  try {
    for (const target of [...PAGES, '/v1/status', '/assets/0/page/check.ts'])
      expect((await fetch(`${bare.url}${target}`)).status).toBe(404);
    expect((await fetch(`${bare.url}/v1/head`)).status).toBe(200);
  } finally {
    await bare.close({ deadlineMs: 100 });
  }
});

test('credveil serve serves the pages without a warning, and not with --no-pages', async ({ datasets }) => {
  const { folder } = datasets[1];
  const served = await serveDataset(folder);
  expect((await fetch(`${served.url}/`)).status).toBe(200);
  expect((await served.stop()).stderr).not.toMatch(/warning/i);
  const bare = await serveDataset(folder, { args: ['--no-pages'] });
  expect((await fetch(`${bare.url}/`)).status).toBe(404);
  expect((await bare.stop()).code).toBe(0);
});
