// The debug log of requests for prefixes: no length tells which prefix it was.

import { expect } from 'vitest';
import { credveilJson, serveDataset } from '../../support/credveil.ts';
import { placeTest as test } from '../../support/vitest/fixtures.ts';

test('the log has no length of an answer to a prefix', async ({ place }) => {
  const folder = place.at('leaks');
  await credveilJson(['init', folder, '--suite', 'hmac', '--index', 'account,password,sha1', '--hash-plaintext']);
  const combo = place.write('combo.txt', 'ana@example.test:secret one\nben@example.test:secret two\n');
  await credveilJson(['ingest', folder, combo, '--source', 'first']);
  const server = await serveDataset(folder, { args: ['--log-level', 'debug', '--workers', '0'] });
  for (const path of ['/range/00000', '/range/FFFFF', '/v1/account/0', '/v1/password/0', '/v1/head'])
    await (await fetch(server.url + path)).arrayBuffer();
  const { stderr } = await server.stop();
  const lines = stderr
    .split('\n')
    .filter((line) => line.includes('"route"'))
    .map((line) => JSON.parse(line) as { route: string; bytes?: number });
  expect(lines.map(({ route, bytes }) => [route, bytes === undefined])).toEqual([
    ['/range/{prefix}', true],
    ['/range/{prefix}', true],
    ['/v1/account/{prefix}', true],
    ['/v1/password/{prefix}', true],
    ['/v1/head', false],
  ]);
});
