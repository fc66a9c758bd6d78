// Files that are no corpora, and lie beside them.

import zlib from 'node:zlib';
import { draftOf, emptyTruth, type Family } from './draft.ts';
import type { Vocabulary } from './vocabulary.ts';
import { zipOf } from './wraps.ts';

const sentence = (words: Vocabulary): string =>
  `The ${words.word()} of the ${words.word()} is ${words.word()}, and so it was ${words.word()}ed by ${words.word()}.`;

function many(size: number, make: () => string): string[] {
  return Array.from({ length: size }, make);
}

const TEXTS: { readonly [dialect: string]: (words: Vocabulary, size: number) => string[] } = {
  prose: (words, size) => many(size, () => `${sentence(words)} ${sentence(words)}`),
  html: (words, size) => [
    ...['<!DOCTYPE html>', '<html><head><title>Leaks</title></head>', '<body>'],
    ...many(size, () => `<p class="x">${sentence(words)}</p>`),
    '</body></html>',
  ],
  'access log': (words, size) =>
    many(
      size,
      () =>
        `${words.ip()} - - [12/Mar/2024:10:11:12 +0000] "GET /${words.word()} HTTP/1.1" 200 ${words.number(100, 9999)}`,
    ),
  cookies: (words, size) =>
    many(size, () =>
      [`.${words.host()}`, 'TRUE', '/', 'FALSE', words.number(10 ** 9, 2 * 10 ** 9), words.word(), words.hex(24)].join(
        '\t',
      ),
    ),
  'system information': (words, size) => [
    ...['Build ID: x64', `IP: ${words.ip()}`, 'UserName: ann', 'Country: DE', 'OS: Windows 10 Pro'],
    ...many(size, () => `Installed: ${words.word()} ${words.word()} ${words.number(1, 9)}.${words.number(0, 9)}`),
  ],
};

const BYTES: { readonly [dialect: string]: (words: Vocabulary) => Buffer } = {
  png: (words) => Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1'), words.random.bytes(9000)]),
  jpeg: (words) => Buffer.concat([Buffer.from('\xff\xd8\xff\xe0\0\x10JFIF\0', 'latin1'), words.random.bytes(9000)]),
  pdf: (words) =>
    Buffer.concat([
      Buffer.from(
        '%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n5 0 obj\n<</Length 4000/Filter/FlateDecode>>\nstream\n',
      ),
      zlib.deflateSync(words.random.bytes(4000)),
      Buffer.from('\nendstream\nendobj\ntrailer\n<</Root 1 0 R>>\n%%EOF\n'),
    ]),
  sqlite: (words) =>
    Buffer.concat([Buffer.from('SQLite format 3\0\x10\0\x01\x01\0@  ', 'latin1'), words.random.bytes(8000)]),
  xlsx: (words) =>
    zipOf(
      new Map([
        ['[Content_Types].xml', Buffer.from('<?xml version="1.0"?>\n<Types><Default Extension="xml"/></Types>')],
        [
          'xl/worksheets/sheet1.xml',
          Buffer.from(
            `<?xml version="1.0"?>\n<worksheet>${'<c t="s"><v>1</v></c>'.repeat(words.number(9, 99))}</worksheet>`,
          ),
        ],
        ['xl/sharedStrings.xml', Buffer.from('<?xml version="1.0"?>\n<sst><si><t>email</t></si></sst>')],
      ]),
    ),
  'random bytes': (words) => Buffer.from(words.random.bytes(8000)),
};

export const otherFiles: Family = {
  name: 'no corpus',
  weight: 5,
  dialects: [...Object.keys(TEXTS), ...Object.keys(BYTES)],
  separators: ['-'],
  make({ words, dialect, size }) {
    const bytes = BYTES[dialect]?.(words);
    const more = { noise: [], isFixed: true, extension: bytes ? (dialect.split(' ')[0] ?? '') : 'txt' } as const;
    if (bytes) return draftOf([], emptyTruth(), { ...more, bytes });
    const truth = emptyTruth();
    // The account of the machine, labelled as a username.
    truth.mayHold.usernames.push('ann');
    truth.mayHold.pairs.push({ username: 'ann', password: '' });
    return draftOf((TEXTS[dialect] as (typeof TEXTS)[string])(words, size), truth, more);
  },
};
