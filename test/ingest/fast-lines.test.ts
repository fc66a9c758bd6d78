// Compares what lines give as bytes with what they give as strings, record by record: whatever
// script, encoding, normal form, notation and spaces they have.

import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Deriver } from '../../ingest/derive/deriver.ts';
import { createHmacDeriver } from '../../ingest/derive/hmac-deriver.ts';
import { deriveLines } from '../../ingest/derive/line-batch.ts';
import type { CorpusFormat, LineRules } from '../../ingest/formats/format.ts';
import {
  comboFormat,
  comboFormatOf,
  countedPasswordsFormat,
  passwordsFormat,
} from '../../ingest/formats/lines/line-format.ts';
import {
  encodeWindows1252,
  IS_NORMAL,
  looksNormal,
  MAX_UTF8_BYTES,
  MAY_CHANGE,
  NORMAL_RANGES,
  NOT_UTF8,
} from '../../ingest/input/normal-text.ts';
import { decodeText } from '../../ingest/input/text.ts';
import { RejectCounter } from '../../ingest/rejects.ts';
import { SignCounter } from '../../ingest/report/signs.ts';
import { Sorters } from '../../ingest/sort/sorters.ts';
import type { NormalizedPassword, NormalizedUsername } from '../../protocol/brands.ts';
import { INDEX_NAMES } from '../../protocol/bucket-id.ts';
import { createHmacSuite } from '../../protocol/hmac-suite.ts';
import { parseHmacKey } from '../../protocol/keys.ts';
import { deriveRecords } from '../../store/run/credential-records.ts';
import { mergedRecords } from '../support/merged-records.ts';
import { createRandom, type Random, testSeed } from '../support/random.ts';
import { placeTest } from '../support/vitest/fixtures.ts';

const ROUNDS = Number(process.env.CREDVEIL_FAST_LINES_ROUNDS ?? 1);
const key = parseHmacKey(createRandom(5).bytes(32));

/** Text that normalization, case folding, trimming or parsing treats in its own way. */
const PIECES = [
  ...['a', 'Z', '1', 'pw', 'Summer23', 'ana@example.test', ' ', '\t', '  '],
  ...['é', 'e\u0301', 'a\u0323\u0307', 'a\u0307\u0323', '\u0301', '\u0345', 'ﬁ', 'ﬀ', 'Ａ', 'ｱﾞ', '①', '²', '㎏'],
  ...['İ', 'ı', 'ß', 'ẞ', 'K', 'Å', 'Ω', 'ſ', 'Σ', 'ΑΣ', 'ς', 'Ǆ', 'ŉ', 'ΐ', 'пароль', 'Й', 'и\u0306', 'ё'],
  ...[
    '한글',
    '\u1112\u1161\u11ab',
    '가\u11a8',
    'が',
    'か\u3099',
    '豈',
    '豈',
    '密码',
    'สวัสดี',
    'नमस्ते',
    'क\u093c',
    'שלום',
    'שָ',
    'مرحبا',
    'آ',
    'ا\u0653',
  ],
  ...[
    '😀',
    '👍🏽',
    '👨\u200d👩',
    '🇩🇪',
    '\u{1d15e}',
    '\u{2f800}',
    '\u{10ffff}',
    '\u{16d67}\u{16d67}',
    '\ufffd',
    '\ufffe',
    '\u0340',
    '\u0374',
    '\u037e',
    '\u0387',
    '\u2000',
    '\u2126',
    '\u2329',
    '\u0958',
    '\u0897',
  ],
  ...[
    '\u00a0',
    '\u1680',
    '\u2003',
    '\u2009',
    '\u2028',
    '\u202f',
    '\u205f',
    '\u3000',
    '\ufeff',
    '\u0085',
    '\u200b',
    '\u180e',
  ],
  ...['\0', '\r', '\v', '\f', '\x1c', '\x7f', '\x1b'],
  ...[
    '$',
    '$H',
    '$HEX[',
    '$HEX[c3a9]',
    '$HEX[e9]',
    '$HEX[65cc81]',
    '[NOT SAVED]',
    '(null)',
    '<é>',
    `$2b$12$${'aB3./'.repeat(11).slice(0, 53)}`,
    `argon2$${'é'.repeat(40)}`,
    '//',
    '# ',
    'http://host.test/',
  ],
].map((text) => Buffer.from(text));
/** Bytes that are not UTF-8: of windows-1252, overlong, surrogates, cut off, beyond Unicode. */
const BYTES = [
  'e9',
  'e4f6fc',
  '80',
  '8199',
  '9d',
  'a0',
  'ff',
  'c3',
  'c0af',
  'e08080',
  'eda080',
  'edb080',
  'f0808080',
  'f4908080',
  'f09f98',
  'e282',
  'efbb',
  'efbbbf',
].map((hex) => Buffer.from(hex, 'hex'));

function randomField(random: Random): Buffer {
  const count = random.below(random.below(8) === 0 ? 40 : 4);
  const usual = random.below(3);
  return Buffer.concat(
    Array.from({ length: count }, () => {
      if (usual === 0) return Buffer.from('aB9'.charAt(random.below(3)));
      if (usual === 1 && random.below(3) > 0) return Buffer.from(random.pick(['é', 'п', 'Ж', '密', 'a', 'ü', '1']));
      return random.below(6) === 0 ? random.pick(BYTES) : random.pick(PIECES);
    }),
  );
}

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

describe('text that NFC does not change', () => {
  const points = NORMAL_RANGES.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, i) => first + i),
  );

  test('the ranges have only code points that no others change', () => {
    // Whatever stands second in a composition, and whatever has a combining class, is a mark or a
    // trailing jamo, or ends the decomposition of another code point.
    const trailing = new Set<number>();
    for (let point = 0xc0; point < 0x30000; point++) {
      if (point >= 0xd800 && point < 0xe000) continue;
      const [, ...others] = String.fromCodePoint(point).normalize('NFD');
      for (const other of others) trailing.add(other.codePointAt(0) as number);
    }
    for (const point of points) {
      const text = String.fromCodePoint(point);
      if (text.normalize('NFC') !== text || trailing.has(point) || /\p{M}/u.test(text))
        expect.unreachable(point.toString(16));
    }
    expect(points.length).toBeGreaterThan(40_000);
  });

  test('bytes that look normal are UTF-8 in NFC, and others are what they are said to be', () => {
    const random = createRandom(testSeed('normal text'));
    const seen = new Set<number>();
    for (let i = 0; i < 40_000 * ROUNDS; i++) {
      const bytes = Buffer.concat([
        Buffer.from('#'),
        random.below(4) === 0 ? Buffer.from(random.bytes(1 + random.below(5))) : randomField(random),
        Buffer.from('#'),
      ]);
      const form = looksNormal(bytes, 1, bytes.length - 1);
      seen.add(form);
      const field = bytes.subarray(1, -1);
      const text = field.toString('utf8');
      const isUtf8 = Buffer.from(text).equals(field);
      if (form === NOT_UTF8) expect(isUtf8).toBe(false);
      if (form === IS_NORMAL) expect(isUtf8 && text.normalize('NFC') === text).toBe(true);
      if (isUtf8) continue;
      const out = new Uint8Array(MAX_UTF8_BYTES * field.length + 1);
      const end = encodeWindows1252(bytes, 1, bytes.length - 1, out, 1);
      expect(Buffer.from(out.subarray(1, end)).toString()).toBe(decodeText(field));
      expect(decodeText(field).normalize('NFC')).toBe(decodeText(field));
    }
    expect(seen).toEqual(new Set([IS_NORMAL, MAY_CHANGE, NOT_UTF8]));
  });
});
