// `init --username-rules`: spellings of one person's address find the leak of any of them, in the
// SDK and after the ingest of every kind of format.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Verdict } from '../../client-sdk/index.ts';
import { SUITE_NAMES } from '../../protocol/suite.ts';
import { createWorkPlace, credveil, credveilJson, serveDataset, type WorkPlace } from '../support/credveil.ts';

const LINES = [
  'J.Doe+shop@GoogleMail.com:first',
  'ann+news+more@example.test:second',
  'bob@bücher.example:third',
  'c.c@example.test:fourth',
  '+491701234567:fifth',
];
const CSV = 'email,password\nE.V.E@gmail.com,sixth\nfay@xn--bcher-kva.example,seventh\n';

/** A spelling, the password, and whether it is the person whose address leaked. */
const ASKED: readonly (readonly [username: string, password: string, status: string])[] = [
  ['jdoe@gmail.com', 'first', 'pair'],
  ['JDoe+other@gmail.com', 'first', 'pair'],
  ['jdoe@gmail.com.example', 'first', 'password'],
  ['ann@example.test', 'second', 'pair'],
  ['ann+@example.test', 'second', 'pair'],
  ['bob@xn--bcher-kva.example', 'third', 'pair'],
  ['bob@BÜCHER.example', 'third', 'pair'],
  ['cc@example.test', 'fourth', 'password'],
  ['+491701234567', 'fifth', 'pair'],
  ['eve@gmail.com', 'sixth', 'pair'],
  ['fay@bücher.example', 'seventh', 'pair'],
  ['eve@example.test', 'sixth', 'password'],
];

describe.each(SUITE_NAMES)('a dataset of the suite %s with rules for usernames', (suite) => {
  let place: WorkPlace;
  beforeAll(() => {
    place = createWorkPlace();
  });
  afterAll(() => place.dispose());

  test('finds a leak under every spelling of its address', async () => {
    const dataset = place.at('leaks');
    await credveilJson(['init', dataset, '--suite', suite, '--username-rules', 'gmail-dots,plus-tags,punycode']);
    const combo = place.write('combo.txt', `${LINES.join('\n')}\n`);
    await credveilJson(['ingest', dataset, combo, '--source', 'lines']);
    await credveilJson(['ingest', dataset, place.write('rows.csv', CSV), '--source', 'rows']);
    const server = await serveDataset(dataset, suite === 'oprf' ? { args: ['--key-file', `${dataset}.key`] } : {});
    try {
      const input = ASKED.map(([username, password]) => `${JSON.stringify({ username, password })}\n`).join('');
      const asked = ['check', '--url', server.url, '--dataset', dataset, '--timeout', '60000'];
      const { stdout } = await credveil(asked, input);
      const verdicts = stdout.trimEnd().split('\n');
      expect(verdicts.map((line) => (JSON.parse(line) as Verdict).status)).toEqual(ASKED.map(([, , status]) => status));
    } finally {
      await server.stop();
    }
  });
});
