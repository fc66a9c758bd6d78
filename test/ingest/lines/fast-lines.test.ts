// Compares what lines give as bytes with what they give as strings, record by record: whatever
// script, encoding, normal form, notation and spaces they have.

import fs from 'node:fs';
import { describe, expect } from 'vitest';
import type { Deriver } from '../../../ingest/derive/deriver.ts';
import { createHmacDeriver } from '../../../ingest/derive/hmac-deriver.ts';
import { deriveLines } from '../../../ingest/derive/line-batch.ts';
import type { CorpusFormat, LineRules } from '../../../ingest/formats/format.ts';
import {
  comboFormat,
  comboFormatOf,
  countedPasswordsFormat,
  passwordsFormat,
} from '../../../ingest/formats/lines/line-format.ts';
import { RejectCounter } from '../../../ingest/rejects.ts';
import { SignCounter } from '../../../ingest/report/signs.ts';
import { Sorters } from '../../../ingest/sort/sorters.ts';
import type { NormalizedPassword, NormalizedUsername } from '../../../protocol/brands.ts';
import { INDEX_NAMES } from '../../../protocol/bucket-id.ts';
import { createHmacSuite } from '../../../protocol/hmac-suite.ts';
import { parseHmacKey } from '../../../protocol/keys.ts';
import { deriveRecords } from '../../../store/run/credential-records.ts';
import { mergedRecords } from '../../support/merged-records.ts';
import { createRandom, type Random, testSeed } from '../../support/random.ts';
import { placeTest } from '../../support/vitest/fixtures.ts';
import { randomField } from './random-field.ts';

const ROUNDS = Number(process.env.CREDVEIL_FAST_LINES_ROUNDS ?? 1);
const key = parseHmacKey(createRandom(5).bytes(32));

function randomLine(random: Random): Buffer {
  const separator = Buffer.from(random.pick([':', ':', ':', ':', ';', ' ', '']));
  const username =
    random.below(2) === 0
      ? Buffer.from(random.pick(['ana', 'Ben@Example.TEST', ' cleo\t', '12', '3']))
      : randomField(random);
  const start = Buffer.from(random.pick(['', '', '', '', '\ufeff', '#', '7 ']));
  return Buffer.concat([
    start,
    username,
    separator,
    randomField(random),
    Buffer.from(random.pick(['', '', '\r', '\r\r'])),
  ]);
}

/** One record after another, on noble, of what is read as text. */
function plainDeriver(sorters: Sorters, similar: boolean): Deriver {
  const derive = deriveRecords(createHmacSuite(key), INDEX_NAMES, similar);
  return {
    addBytes() {
      throw new Error('a line was read as bytes');
    },
    add: (username, password, times) =>
      derive(username as NormalizedUsername | undefined, password as NormalizedPassword, times, sorters.emit),
    flush: () => undefined,
  };
}

interface Derived {
  readonly credentials: number;
  readonly rejects: unknown;
  readonly signs: unknown;
  readonly records: readonly string[];
}

async function derived(
  folder: string,
  segment: Uint8Array,
  rules: LineRules,
  create: (sorters: Sorters) => Deriver,
): Promise<Derived> {
  const home = fs.mkdtempSync(`${folder}-`);
  const sorters = new Sorters(INDEX_NAMES, home, 1 << 21);
  const rejects = new RejectCounter();
  const signs = new SignCounter(7);
  const deriver = create(sorters);
  sorters.begin(0);
  const credentials = deriveLines(segment, rules, deriver, rejects, signs);
  deriver.flush();
  const chunks = sorters.finish();
  const records: string[] = [];
  for (const index of INDEX_NAMES) records.push(...(await mergedRecords(home, index, chunks[index] ?? [])));
  // Of usernames, strings are observed with the spaces around them.
  const { observed, passwords, lengths } = signs.counts();
  const rejected = [rejects.byReason(), rejects.examples()];
  return { credentials, rejects: rejected, signs: { observed, passwords, lengths }, records };
}

describe('lines as bytes and as strings', () => {
  const formats: readonly CorpusFormat[] = [
    comboFormat,
    comboFormatOf('combo-semicolon', ';'),
    passwordsFormat,
    countedPasswordsFormat,
  ];
  for (const similar of [false, true])
    placeTest(
      `give the same records, rejects and signs${similar ? ', with similarity forms' : ''}`,
      async ({ place }) => {
        const random = createRandom(testSeed(`fast lines ${similar}`));
        for (let round = 0; round < ROUNDS; round++)
          for (const { name, lines } of formats) {
            const rules = lines as LineRules;
            const segment = Buffer.concat(
              Array.from({ length: 3000 }, () => [randomLine(random), Buffer.from('\n')]).flat(),
            );
            const fast = await derived(place.at(`fast-${name}`), segment, rules, (sorters) =>
              createHmacDeriver(key, sorters, similar),
            );
            const { parseLine } = rules;
            const plain = await derived(place.at(`plain-${name}`), segment, { parseLine }, (sorters) =>
              plainDeriver(sorters, similar),
            );
            expect(plain.records.length).toBeGreaterThan(200);
            expect(fast).toEqual(plain);
          }
      },
    );

  placeTest('most lines of real lists are read as bytes', ({ place }) => {
    const texts: Buffer[] = ['pässwort', 'пароль1', '密码123', 'việtnam', 'p$ss', 'pa$$HEX'].map((text) =>
      Buffer.from(text),
    );
    const lines = [...texts, Buffer.from('p\xe4ss\x80', 'latin1')].map((password) =>
      Buffer.concat([Buffer.from('Ana@Example.test:'), password, Buffer.from('\r\n')]),
    );
    const sorters = new Sorters(INDEX_NAMES, place.home, 1 << 20);
    const seen: string[] = [];
    const deriver: Deriver = {
      ...createHmacDeriver(key, sorters),
      addBytes: (bytes, from, _to, passwordFrom, passwordTo) => {
        expect(from).toBeGreaterThanOrEqual(0);
        seen.push(Buffer.from(bytes.subarray(passwordFrom, passwordTo)).toString());
      },
      add: () => expect.unreachable(),
      flush: () => undefined,
    };
    expect(deriveLines(Buffer.concat(lines), comboFormat.lines as LineRules, deriver, new RejectCounter())).toBe(7);
    expect(seen).toEqual([...texts.map(String), 'päss€']);
  });
});
