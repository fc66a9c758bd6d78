// Encodings of texts: stated by the operator, and files of several that were joined end to end.

import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeMember } from '../../../ingest/containers/encoding.ts';
import { decodeText } from '../../../ingest/input/text.ts';
import { openKeyFile } from '../../../store/key-file.ts';
import { createWorkPlace } from '../../support/credveil.ts';
import { Content } from '../../support/generated/draft.ts';
import { encodeText } from '../../support/generated/encodings.ts';
import { runCommand } from '../../support/judge/command.ts';
import { expectedRecords, readRun } from '../../support/judge/records.ts';
import { createRandom, testSeed } from '../../support/random.ts';

const BOM8 = Buffer.from('\ufeff');
const utf16 = (text: string, isBig = false): Buffer => {
  const bytes = Buffer.from(`\ufeff${text}`, 'utf16le');
  return isBig ? bytes.swap16() : bytes;
};

/** Decodes bytes that come in blocks of a size. */
async function decode(bytes: Buffer, size: number, stated?: string): Promise<string> {
  async function* blocks(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  const decoded: Buffer[] = [];
  for await (const block of decodeMember(blocks(), stated)) decoded.push(Buffer.from(block));
  return Buffer.concat(decoded).toString('utf8');
}

// Longer than the part that is looked at first.
const one = Array.from({ length: 90 }, (_, i) => `ann${i}@example.test:Straße ${i} 密码`).join('\n');
const two = Array.from({ length: 90 }, (_, i) => `bob${i}@example.test:пароль${i}`).join('\r\n');

describe('a file that was joined from several', () => {
  test.each<[string, Buffer]>([
    ['UTF-16LE, then UTF-8', Buffer.concat([utf16(`${one}\n`), BOM8, Buffer.from(two)])],
    ['UTF-16BE, then UTF-8', Buffer.concat([utf16(`${one}\n`, true), BOM8, Buffer.from(two)])],
    ['UTF-16LE, then UTF-8 without a mark', Buffer.concat([utf16(`${one}\n`), Buffer.from(two)])],
    ['UTF-16BE, then UTF-8 without a mark', Buffer.concat([utf16(`${one}\n`, true), Buffer.from(two)])],
    ['UTF-8, then UTF-16LE', Buffer.concat([Buffer.from(`${one}\n`), utf16(two)])],
    ['UTF-8, then UTF-16BE', Buffer.concat([BOM8, Buffer.from(`${one}\n`), utf16(two, true)])],
    ['UTF-16LE, then UTF-16BE', Buffer.concat([utf16(`${one}\n`), utf16(two, true)])],
  ])('is read right: %s', async (_, bytes) => {
    for (const size of [1, 2, 3, 5, 7, 64, 1023, 1 << 20]) expect(await decode(bytes, size)).toBe(`${one}\n${two}`);
  });

  test('of three parts is read right', async () => {
    const bytes = Buffer.concat([utf16(`${one}\n`), BOM8, Buffer.from(`${two}\n`), utf16(one)]);
    for (const size of [1, 6, 4096]) expect(await decode(bytes, size)).toBe(`${one}\n${two}\n${one}`);
  });

  test('with the bytes of a mark inside a line is one text', async () => {
    const text = utf16('a:믯뾻b\n');
    expect(await decode(text, 3)).toBe('a:믯뾻b\n');
    const latin = Buffer.from('user:pa\xff\xfess\nb:c\n', 'latin1');
    for (const size of [1, 4096]) expect(await decode(latin, size)).toBe(latin.toString('utf8'));
  });
});

describe('a text in UTF-16 that does not end in it', () => {
  const appended = two.replaceAll('пароль', 'sun');
  const le = utf16(`${one}\n`);
  const be = utf16(`${one}\n`, true);
  const odd = (bytes: Buffer): Buffer => {
    const middle = bytes.length / 2 + 1;
    return Buffer.concat([bytes.subarray(0, middle), Buffer.from('x'), bytes.subarray(middle)]);
  };
  test.each<[string, Buffer]>([
    ['an odd byte', odd(le)],
    ['an odd byte, big-endian', odd(be)],
    ['another byte order without a mark', Buffer.concat([le, utf16(appended, true).subarray(2)])],
  ])('is refused with the reason: %s', async (_, bytes) => {
    for (const size of [1, 3, 1 << 20])
      await expect(decode(bytes, size)).rejects.toThrow(/begins in UTF-16 and goes on in another encoding/);
  });

  test('is told from letters of all planes', async () => {
    const random = createRandom(testSeed('planes'));
    const letters = Array.from({ length: 20_000 }, () => String.fromCodePoint(0x4e00 + random.below(0x5000)));
    for (const isBig of [false, true])
      expect(await decode(utf16(letters.join(''), isBig), 4096)).toBe(letters.join(''));
  });
});

describe('--encoding', () => {
  test.each(['windows-1251', 'koi8-r', 'gbk', 'shift_jis'])(
    'of %s leaves UTF-8 and pictures as they are',
    async (stated) => {
      const utf8 = Buffer.from('Müller@example.test:naïve\nann@example.test:Straße\n');
      const long = Buffer.from(`${'ann@example.test:blue1\n'.repeat(2000)}${utf8}${'é'.repeat(40_000)}\n`);
      const png = Buffer.from('89504e470d0a1a0a0000000d49484452ffc3a9', 'hex');
      for (const bytes of [utf8, Buffer.concat([BOM8, utf8]), long, png])
        expect(await decode(bytes, 4096, stated)).toBe(bytes.toString('utf8').replace('\ufeff', ''));
      const legacy = Buffer.from('ann@example.test:\xcf\xe0\xf0\xee\xeb\xfc\n', 'latin1');
      expect(await decode(legacy, 4096, stated)).toBe(new TextDecoder(stated).decode(legacy));
    },
  );

  test.each(['windows-1251', 'koi8-r'])('of %s reads Cyrillic passwords right', async (encoding) => {
    const place = createWorkPlace();
    try {
      const folder = place.at('dataset');
      expect(await runCommand(['init', folder, '--suite', 'hmac'])).toBeUndefined();
      const pairs = Array.from({ length: 60 }, (_, i) => ({
        username: `ann${i}@example.test`,
        password: `Пароль${i}`,
      }));
      const text = pairs.map(({ username, password }) => `${username}:${password}\n`).join('');
      const file = place.write('combo.txt', encodeText(encoding, text, createRandom(1)));
      const args = ['ingest', folder, file, '--source', 'a', '--no-publish', '--encoding', encoding];
      expect(await runCommand(args)).toBeUndefined();
      const content = new Content();
      content.pairs.push(...pairs);
      const { records } = readRun(path.join(folder, 'runs/a.run'));
      expect(records).toEqual(expectedRecords(openKeyFile(`${folder}.key`).createSuite(), content).times);
    } finally {
      place.dispose();
    }
  });

  test('does not change texts whose bytes show their encoding', async () => {
    for (const bytes of [utf16(two), Buffer.concat([BOM8, Buffer.from(two)])])
      expect(await decode(bytes, 100, 'windows-1251')).toBe(two);
    expect(await decode(encodeText('shift_jis', 'a:パス\n', createRandom(1)), 1, 'shift_jis')).toBe('a:パス\n');
  });
});

describe('a text in an encoding that its bytes do not show', () => {
  /** @returns the refusal of an ingest with these options */
  async function ingestText(encoding: string, password: string, ...options: string[]) {
    const place = createWorkPlace();
    try {
      await runCommand(['init', place.at('dataset'), '--suite', 'hmac']);
      const lines = Array.from(
        { length: 400 },
        (_, i) => `ann${i}@example.test:${i % 90 === 5 ? password : 'sun'}${i}\n`,
      );
      const bytes =
        encoding === 'utf-8' ? Buffer.from(lines.join('')) : encodeText(encoding, lines.join(''), createRandom(1));
      const file = place.write('combo.txt', bytes);
      return await runCommand(['ingest', place.at('dataset'), file, '--source', 'a', '--no-publish', ...options]);
    } finally {
      place.dispose();
    }
  }

  test.each([
    ['windows-1251', 'пароль'],
    ['koi8-r', 'пароль'],
    ['windows-1250', 'kwiat-łąka'],
    ['iso-8859-2', 'źdźbło'],
    ['windows-1254', 'şifreğim'],
    ['gbk', '我的密码'],
    ['shift_jis', 'パスワード'],
    ['euc-kr', '비밀번호'],
  ])('is refused, and the refusal names --encoding: %s', async (encoding, password) => {
    expect(await ingestText(encoding, password)).toMatchObject({
      code: 'CORPUS_SUSPECT',
      message: expect.stringMatching(/garbled-letters.*--encoding/),
    });
    expect(await ingestText(encoding, password, '--encoding', encoding)).toBeUndefined();
  });

  test.each([
    ['utf-8', 'пароль'],
    ['utf-8', 'パスワード'],
    ['utf-8', 'Straße-größer'],
    ['windows-1252', 'Straße-größer'],
    ['windows-1252', 'créée-à-Noël'],
    ['windows-1252', 'contraseña-corazón'],
  ])('is read where its words are usual: %s, %s', async (encoding, password) => {
    expect(await ingestText(encoding, password)).toBeUndefined();
  });
});

test('bytes are UTF-8 where a strict decoder accepts them, and windows-1252 otherwise', () => {
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const random = createRandom(testSeed('encodings'));
  const pieces = ['a', 'ü', '密', '😀', '\ufffd', '\ufeff', '\u0000'].map((text) => Buffer.from(text));
  const seen = new Set<boolean>();
  for (let i = 0; i < 5000; i++) {
    const parts = Array.from({ length: random.below(6) }, () =>
      random.below(12) === 0 ? Buffer.from(random.bytes(1)) : random.pick(pieces),
    );
    const bytes = Buffer.concat(parts);
    let text: string | undefined;
    try {
      text = strict.decode(bytes);
    } catch {
      text = undefined;
    }
    seen.add(text === undefined);
    if (text !== undefined) expect(decodeText(bytes)).toBe(text);
    else expect(decodeText(bytes)).toHaveLength(bytes.length);
  }
  expect(seen.size).toBe(2);
});
