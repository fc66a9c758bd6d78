// The standard input of `credveil check`: one JSON object per line, in UTF-8.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect } from 'vitest';
import { credveil, credveilJson, type WorkPlace } from '../support/credveil.ts';
import { perFile } from '../support/per-file.ts';
import { placeTest } from '../support/vitest/fixtures.ts';

/** Answers 503 to everything: each line that is a credential gets the verdict `unknown`. */
async function startBroken(): Promise<Server> {
  const server = createServer((_, response) => response.writeHead(503).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const test = placeTest.extend<{ readonly broken: Server }>({
  broken: perFile(startBroken, (server) => server.close()),
});

describe('check reads', () => {
  const LINE = JSON.stringify({ username: 'a', password: 'b' });
  const cases: readonly (readonly [string, string | Buffer, number])[] = [
    ['a line with a raw U+2028 in a password', `{"username":"a","password":"sun\u2028rise"}\n${LINE}\n`, 2],
    ['a line with a raw U+2029 or U+0085 in a username', `{"username":"a\u2029b\u0085c"}\n`, 1],
    ['a byte order mark before the first line', `\ufeff${LINE}\n${LINE}\n`, 2],
    ['lines that end in CR LF, and empty ones', `${LINE}\r\n\r\n\n${LINE}\r\n`, 2],
    ['a last line without an end', `${LINE}\n${LINE}`, 2],
  ];

  test.for(cases)('%s', async ([, input, count], { place, broken }) => {
    expect(await countVerdicts(place, broken, input)).toBe(count);
  });
});

describe('check refuses', () => {
  const cases: readonly (readonly [string, string | Buffer])[] = [
    ['a member that is not part of a credential', '{"email":"ada@example.test","password":"marker"}\n'],
    ['a line that is not UTF-8', Buffer.from('{"password":"marker\xff"}\n', 'latin1')],
    ['a line longer than 1 MiB', `{"password":"${'marker'.repeat(200_000)}"}\n`],
  ];

  test.for(cases)('%s', async ([, input], { place, broken }) => {
    const { code, stdout, stderr } = await run(place, broken, input);
    expect([code, JSON.parse(stdout)]).toMatchObject([2, { error: { code: 'LINE_MALFORMED' } }]);
    expect(stderr).toMatch(/^error LINE_MALFORMED: line 1 of standard input/m);
    expect(stdout + stderr).not.toContain('marker');
  });
});

async function run(place: WorkPlace, broken: Server, input: string | Buffer) {
  const dataset = place.at('leaks');
  await credveilJson(['init', dataset, '--suite', 'hmac']);
  const url = `http://127.0.0.1:${(broken.address() as AddressInfo).port}`;
  return credveil(['check', '--url', url, '--dataset', dataset], input);
}

async function countVerdicts(place: WorkPlace, broken: Server, input: string | Buffer): Promise<number> {
  const { stdout } = await run(place, broken, input);
  return stdout.split('\n').filter((line) => line.includes('"status":"unknown"')).length;
}
