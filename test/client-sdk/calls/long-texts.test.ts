// Text that is too long to be normalized: PROTOCOL.md §2. An ingest makes no entry of it, nothing
// takes it for clean, and it costs little time of the processor.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deriveInquiries } from '../../../client-sdk/verdict/inquiry.ts';
import { CredentialPacker, deriveCredentials } from '../../../ingest/derive/credential-batch.ts';
import type { Deriver } from '../../../ingest/derive/deriver.ts';
import { deriveLines } from '../../../ingest/derive/line-batch.ts';
import type { LineRules } from '../../../ingest/formats/format.ts';
import { comboFormat } from '../../../ingest/formats/lines/line-format.ts';
import { RejectCounter } from '../../../ingest/rejects.ts';
import { DatasetNames } from '../../../match/names/dataset-names.ts';
import { nameKey } from '../../../match/users/account-names.ts';
import { MAX_FIELD_BYTES } from '../../../protocol/private-input.ts';
import { SUITE_NAMES } from '../../../protocol/suite.ts';
import { seededKey } from '../../support/dataset.ts';
import { type AdapterWorld, createAdapterWorld } from '../../support/worlds/adapter-world.ts';

const LEAKED = { username: 'ada@example.test', password: 'Summer23' };
/** In quadratic time, to put 30,000 marks in order takes half a second or more. */
const MAX_MS = 200;
const UNITS = ['\u0345\u0334', '\u0344\u0334', '\u{1d165}\u{1e8d0}', '\u0345\u200b', '\ufdfa', 'é'];
const LENGTHS = [1_000, 1_024, 1_025, 2_000, 2_048, 2_049, 60_000];

const textOf = (unit: string, points: number): string => [...`a${unit.repeat(points)}`].slice(0, points).join('');
const TEXTS = [...UNITS.flatMap((unit) => LENGTHS.map((points) => textOf(unit, points))), 'x'.repeat(MAX_FIELD_BYTES)];
const isBounded = (text: string): boolean => text.length === MAX_FIELD_BYTES || [...text].length <= 1_024;

function msOf(run: () => void): number {
  const before = process.threadCpuUsage();
  run();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}

const NOTHING: Deriver = {
  addBytes: () => undefined,
  add: (name, password) => Math.max(name?.length ?? 0, password.length) <= MAX_FIELD_BYTES,
  flush: () => undefined,
};

function takenOfLines(text: string, rejects: RejectCounter): number {
  return deriveLines(Buffer.from(`${text}\n`), comboFormat.lines as LineRules, NOTHING, rejects);
}

function takenOfTables(username: string, password: string, rejects: RejectCounter): number {
  const packer = new CredentialPacker(() => new Uint8Array(1 << 20));
  packer.add({ username, password, times: 1 });
  return packer.takeAll().reduce((sum, packed) => sum + deriveCredentials(packed, NOTHING, rejects), 0);
}

test('an ingest takes what a check asks for, and nothing else', () => {
  for (const text of TEXTS)
    for (const [username, password] of [
      [text, 'secret'],
      ['ana', text],
    ] as const) {
      const rejects = new RejectCounter();
      const taken = takenOfLines(`${username}:${password}`, rejects) + takenOfTables(username, password, rejects);
      const questions = deriveInquiries({ username, password }, Number.POSITIVE_INFINITY).flatMap((asked) => [
        ...asked.questions,
      ]);
      const pair = questions.find(({ signal }) => signal === 'pair');
      expect([taken, pair?.settled === undefined]).toEqual(isBounded(text) ? [2, true] : [0, false]);
      expect(rejects.byReason()).toEqual(isBounded(text) ? {} : { 'too-long': 2 });
    }
});

test('names of accounts are looked up if an entry can have them', () => {
  const names = new DatasetNames(
    seededKey('hmac', 1).createSuite(),
    {} as ConstructorParameters<typeof DatasetNames>[1],
  );
  for (const text of TEXTS) {
    expect(nameKey(text) !== '').toBe(isBounded(text));
    names.row({ id: text.slice(0, 9), names: [text] } as unknown as Parameters<DatasetNames['row']>[0]);
  }
  expect(names.nameless).toHaveLength(TEXTS.filter((text) => !isBounded(text)).length);
});

describe.each(SUITE_NAMES)('suite %s', (suite) => {
  let world: AdapterWorld;
  beforeAll(async () => {
    world = await createAdapterWorld(suite, { pairs: [LEAKED] });
  });
  afterAll(() => world.close());

  test('what is too long is unknown, and challenged', async () => {
    const long = textOf('\u3000', 1_025);
    const { username, password } = LEAKED;
    const statusOf = async (credential: Parameters<typeof world.checker.check>[0]) => {
      const { status, reason, action, signals } = await world.checker.check(credential);
      return [
        status,
        reason,
        action,
        ...['pair', 'similar', 'password', 'username'].map((name) => signals[name as keyof typeof signals].result),
      ].join(' ');
    };
    // Applications trim names, and would find this one.
    expect(await statusOf({ username: `${long}${username}`, password: 'never leaked' })).toBe(
      'unknown FIELD_TOO_LONG challenge unknown unasked absent unknown',
    );
    expect(await statusOf({ username, password: `${password}${long}` })).toBe(
      'unknown FIELD_TOO_LONG challenge unknown unasked unknown found',
    );
    expect(await statusOf({ password: `${password}${long}` })).toBe(
      'unknown FIELD_TOO_LONG challenge unasked unasked unknown unasked',
    );
    expect(await statusOf({ username: long })).toBe('unknown FIELD_TOO_LONG challenge unasked unasked unasked unknown');
    // A finding about the rest of it stands.
    expect(await statusOf({ usernames: [username, `${username}${long}`], password })).toMatch(/^pair /);
    expect(await statusOf({ username, password: `${password}\0${long}` })).toMatch(/^pair /);
  });
});

test.each(UNITS.map((unit) => [escape(unit), unit]))('runs of %s take little time', (_, unit) => {
  for (const points of LENGTHS) {
    const text = textOf(unit, points);
    const usernames = [text, `b${text}`, `c${text}`, `d${text}`];
    const derive = (): void => {
      for (const username of usernames)
        for (const password of [text, text.trim()]) deriveInquiries({ username, password }, Number.POSITIVE_INFINITY);
    };
    expect(msOf(derive)).toBeLessThan(MAX_MS);
    expect(msOf(() => takenOfTables(text, text, new RejectCounter()))).toBeLessThan(MAX_MS);
    expect(msOf(() => nameKey(text))).toBeLessThan(MAX_MS);
  }
});
