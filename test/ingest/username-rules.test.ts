// `init --username-rules`: spellings of one person's address find the leak of any of them, in the
// SDK and after the ingest of every kind of format.

import fs from 'node:fs';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Verdict } from '../../client-sdk/index.ts';
import { SUITE_NAMES } from '../../protocol/suite.ts';
import { openDataset } from '../../store/dataset.ts';
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

describe('rules for usernames', () => {
  let place: WorkPlace;
  beforeAll(() => {
    place = createWorkPlace();
  });
  afterAll(() => place.dispose());
  const init = (name: string, ...options: string[]): Promise<unknown> =>
    credveilJson(['init', place.at(name), '--suite', 'hmac', ...options]);

  test('are stored in their order, and kept by rotate', async () => {
    await init('old', '--username-rules', 'gmail-dots, punycode');
    expect(openDataset(place.at('old')).parameters.usernameRules).toEqual(['punycode', 'gmail-dots']);
    await credveilJson(['rotate', place.at('old'), place.at('new')]);
    expect(openDataset(place.at('new')).parameters.usernameRules).toEqual(['punycode', 'gmail-dots']);
  });

  test('are kept by an ingest from an archive of a dataset without them', async () => {
    await init('plain');
    const secret = await generateX25519Identity();
    const identity = place.at('identity.txt');
    fs.writeFileSync(identity, `${secret}\n`, { mode: 0o600 });
    const corpus = place.write('one.txt', 'j.doe+x@gmail.com:Archived1\n');
    await credveilJson([
      'ingest',
      place.at('plain'),
      corpus,
      '--source',
      'a',
      '--archive',
      await identityToRecipient(secret),
    ]);
    await init('ruled', '--username-rules', 'plus-tags,gmail-dots');
    const archive = `${place.at('plain')}/archives/a.age`;
    await credveilJson(['ingest', place.at('ruled'), '--from-archive', archive, '--identity', identity]);
    const server = await serveDataset(place.at('ruled'));
    try {
      const input = `${JSON.stringify({ username: 'jdoe@gmail.com', password: 'Archived1' })}\n`;
      const asked = ['check', '--url', server.url, '--dataset', place.at('ruled'), '--timeout', '60000'];
      const { stdout } = await credveil(asked, input);
      expect(JSON.parse(stdout)).toMatchObject({ status: 'pair' });
    } finally {
      await server.stop();
    }
  });

  test('of a run that differ from those of its dataset are refused', async () => {
    await init('with', '--username-rules', 'plus-tags');
    await init('without', '--key-file', `${place.at('with')}.key`);
    const corpus = place.write('two.txt', 'ann+x@example.test:Password1\n');
    for (const [from, to] of [
      ['with', 'without'],
      ['without', 'with'],
    ] as const) {
      const key = ['--key-file', `${place.at('with')}.key`];
      await credveilJson(['ingest', place.at(from), corpus, '--source', 'copied', ...key]);
      fs.copyFileSync(`${place.at(from)}/runs/copied.run`, `${place.at(to)}/runs/copied.run`);
      const { code, stderr } = await credveil(['publish', place.at(to), ...key]);
      expect(code).toBe(1);
      expect(stderr).toContain('RUN_FOREIGN');
      expect(stderr).toContain('--username-rules');
      for (const name of [from, to]) fs.rmSync(`${place.at(name)}/runs/copied.run`);
    }
  });

  test.each([
    [['--username-rules', 'yahoo-dashes'], 'Pass --username-rules with any of punycode,plus-tags,gmail-dots.'],
    [['--username-rules', ''], 'Pass --username-rules with any of punycode,plus-tags,gmail-dots.'],
    [['--username-rules', 'punycode', '--index', 'password'], 'Add account to --index.'],
  ])('init %j is refused, and creates nothing', async (options, hint) => {
    const { code, stderr } = await credveil(['init', place.at('refused'), '--suite', 'hmac', ...options]);
    expect(code).toBe(2);
    expect(stderr).toContain(hint);
    expect(fs.existsSync(place.at('refused'))).toBe(false);
  });
});
