// Parses the bytes of a corpus to credentials and rejects, in blocks of every size.

import { parse } from 'csv-parse/sync';
import { describe, expect, test } from 'vitest';
import type { CorpusFormat, FormatOptions } from '../../ingest/formats/format.ts';
import { comboFormat, countedPasswordsFormat, passwordsFormat } from '../../ingest/formats/lines/line-format.ts';
import { csvFormat } from '../../ingest/formats/tables/csv.ts';
import { LineSplitter, MAX_LINE_BYTES } from '../../ingest/input/lines.ts';
import { decodeHexNotation, decodeText } from '../../ingest/input/text.ts';
import { parseAll } from '../support/corpus-text.ts';
import { createRandom, testSeed } from '../support/random.ts';

/** Parses a corpus whole and in blocks of 1 to 7 bytes, which must give the same. */
function read(format: CorpusFormat, corpus: string | Buffer): string[] {
  const bytes = Buffer.from(corpus);
  const whole = parseAll(format, [bytes]);
  for (let size = 1; size <= 7; size++) {
    const blocks: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size) blocks.push(bytes.subarray(at, at + size));
    expect(parseAll(format, blocks), `blocks of ${size}`).toEqual(whole);
  }
  return whole;
}

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const MiB = 2 ** 20;

describe('combo', () => {
  test('the combo parser splits at the first colon, and gives the reason of each reject', () => {
    expect(read(comboFormat, 'ana:pw\nben:a:b:\n\n  \nnothing\n:pw\n \t:pw\ncleo:\ndan: pw \n')).toEqual([
      'ana|pw',
      'ben|a:b:',
      '!blank',
      '!blank',
      '!no-separator',
      '!empty-username',
      '!empty-username',
      '!empty-password',
      'dan| pw ',
    ]);
  });

  test('the combo parser drops byte order marks at the start of lines, and takes every CR as a line end', () => {
    expect(read(comboFormat, '\ufeffana:pw\r\nben:pw\r\r\n\ufeffcleo:pw\rdan:pw\r')).toEqual([
      'ana|pw',
      'ben|pw',
      'cleo|pw',
      'dan|pw',
    ]);
  });

  test('the combo parser takes a final line without LF, and ignores an empty one', () => {
    expect(read(comboFormat, 'ana:pw\nben:pw')).toEqual(['ana|pw', 'ben|pw']);
    expect(read(comboFormat, 'ana:pw\n')).toEqual(['ana|pw']);
    expect(read(comboFormat, '')).toEqual([]);
  });

  test('the combo parser decodes $HEX[] in passwords in either case, and keeps invalid hex as text', () => {
    expect(
      read(comboFormat, 'a:$HEX[703a77]\nb:$HEX[C3A9]\nc:$HEX[e9]\nd:$HEX[7]\ne:$HEX[zz]\nf:$HEX[]\ng:$hex[70]\n'),
    ).toEqual(['a|p:w', 'b|é', 'c|é', 'd|$HEX[7]', 'e|$HEX[zz]', '!empty-password', 'g|$hex[70]']);
  });

  test('the combo parser chooses UTF-8 or windows-1252 for each line', () => {
    const corpus = Buffer.concat([Buffer.from('a:é€\n'), latin1('b:\xe9\x80\n'), Buffer.from('c:é\n')]);
    expect(read(comboFormat, corpus)).toEqual(['a|é€', 'b|é€', 'c|é']);
  });
});

test('windows-1252 equals the WHATWG Encoding Standard for every byte', () => {
  const c1 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';
  const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  const text = decodeText(all);
  expect(text.slice(0x80, 0xa0)).toBe(c1);
  expect(text.slice(0, 0x80) + text.slice(0xa0)).toBe(
    latin1('').toString() + all.toString('latin1').replace(/[\x80-\x9f]/g, ''),
  );
});

test('overlong forms, surrogates and truncated sequences are not UTF-8', () => {
  expect(decodeText(Buffer.from([0xc0, 0x80]))).toBe('À€');
  expect(decodeText(Buffer.from([0xed, 0xa0, 0x80]))).toBe('í\u00a0€');
  expect(decodeText(Buffer.from([0xe2, 0x82]))).toBe('â‚');
  expect(decodeHexNotation('$HEX[e282ac]')).toBe('€');
});

describe('password lists', () => {
  test('a password list without counts takes a whole line as a password, including white space', () => {
    expect(read(passwordsFormat, '123456\n two words \n\nuser:pw\n   \n$HEX[0a]\n$HEX[]\n')).toEqual([
      '123456',
      ' two words ',
      '!blank',
      'user:pw',
      '   ',
      '\n',
      '!empty-password',
    ]);
  });

  test('a password list with counts is read as uniq -c and others write it', () => {
    expect(
      read(
        countedPasswordsFormat,
        '    345 abc\n7\ttab\n12  two blanks\nabc\n0 zero\n5\n5 \n\n  \n1234567890123456 long\n9 $HEX[41]\n',
      ),
    ).toEqual([
      'abc*345',
      'tab*7',
      ' two blanks*12',
      '!bad-count',
      '!bad-count',
      '!bad-count',
      '!empty-password',
      '!blank',
      '!blank',
      '!bad-count',
      'A*9',
    ]);
  });
});

describe('csv', () => {
  const csv = (corpus: string | Buffer, options: FormatOptions = {}): string[] =>
    read(csvFormat({ columns: { username: 'username', password: 'password' }, ...options }), corpus);

  test('the CSV parser finds its columns in any order and case', () => {
    const columns = { username: 'E-Mail', password: 'pass', count: 'n' };
    expect(csv('N, PASS ,other,e-mail\n3,pw,x,ana\n', { columns })).toEqual(['ana|pw*3']);
    expect(csv('pass,id\npw,1\n', { columns: { password: 'PASS' } })).toEqual(['pw']);
  });

  test('the CSV parser reads quotes, a byte order mark, mixed line ends, and cells of several lines', () => {
    expect(csv('\ufeff"username","password"\r\n"a,b","say ""hi"""\nben,"two\r\nlines"\r\n"",x\n cleo , pw \n')).toEqual(
      ['a,b|say "hi"', 'ben|two\nlines', 'x', ' cleo | pw '],
    );
  });

  test('the CSV parser keeps quotes that do not enclose a cell', () => {
    expect(csv('username,password\nana,p"w\n"x"y,z\nben,"h"i\nq","r\n')).toEqual([
      'ana|p"w',
      '"x"y|z',
      'ben|"h"i',
      '!malformed-row',
    ]);
  });

  test('the CSV parser gives the reason of each rejected row', () => {
    const columns = { username: 'username', password: 'password', count: 'count' };
    expect(
      csv('username,password,count\nana,pw,2\nben\n\n,pw,1\ncleo,,1\ndan,pw\neve,pw,0\nfay,pw,-1\ngus,pw,1,more\n', {
        columns,
      }),
    ).toEqual([
      'ana|pw*2',
      '!missing-column',
      '!blank',
      'pw',
      '!empty-password',
      '!bad-count',
      '!bad-count',
      '!bad-count',
      '!bad-count',
    ]);
  });

  test('the CSV parser reads a cell with the text of --blank as an empty field', () => {
    expect(csv('username,password\nroot,<blank>\n<blank>,admin\n,x\nx,\n', { blank: '<blank>' })).toEqual([
      'root|',
      '|admin',
      'x',
      '!empty-password',
    ]);
    expect(csv('password\n<blank>\nadmin\n', { blank: '<blank>', columns: { password: 'password' } })).toEqual([
      '!empty-password',
      'admin',
    ]);
  });

  test('a missing column and an empty file are errors with a next step', () => {
    const error = expect.objectContaining({ code: 'COLUMN_MISSING', hint: expect.stringContaining('--columns') });
    for (const corpus of ['username,secret\nana,pw\n', '', '\n', '\ufeff']) expect(() => csv(corpus)).toThrow(error);
  });

  test('an unclosed quote only costs its own line', () => {
    const others = Array.from({ length: 20_000 }, (_, i) => `user${i},pass${i}`);
    for (const broken of ['ben,"pw', '"ben,pw'])
      expect(
        parseAll(csvFormat({ columns: { username: 'username', password: 'password' } }), [
          `username,password\n${broken}\n${others.join('\n')}\n`,
        ]),
      ).toEqual(['!malformed-row', ...others.map((row) => row.replace(',', '|'))]);
    expect(csv('username,password\nana,"one\nben,pw\n"cleo",pw\n')).toEqual(['!malformed-row', 'ben|pw', 'cleo|pw']);
  });

  test('the CSV parser reads the same as csv-parse if the quotes are valid', () => {
    const random = createRandom(testSeed('csv rows'));
    const pieces = ['a', 'é', '"', ',', '\n', ' ', ';', "'", 'pw', '""', '0'];
    const cell = (): string => Array.from({ length: random.below(5) }, () => random.pick(pieces)).join('');
    const quote = (text: string): string =>
      /[",\n]/.test(text) || random.below(3) === 0 ? `"${text.replaceAll('"', '""')}"` : text;
    for (let round = 0; round < 200; round++) {
      const rows = Array.from({ length: 1 + random.below(6) }, () => [`u${cell()}`, `p${cell()}`]);
      const corpus = ['username,password', ...rows.map((row) => row.map(quote).join(','))].join(
        random.pick(['\n', '\r\n']),
      );
      const expected = (parse(corpus, { columns: true }) as { username: string; password: string }[]).map(
        ({ username, password }) => `${username}|${password}`,
      );
      expect(read(csvFormat({ columns: { username: 'username', password: 'password' } }), corpus), corpus).toEqual(
        expected,
      );
    }
  });

  test('the CSV parser reads a file whose rows lost their outer quotes to its end', () => {
    const corpus = `username,password\n${'z","\n'.repeat(20_000)}ana,pw\n`;
    const found = parseAll(csvFormat({ columns: { username: 'username', password: 'password' } }), [corpus]);
    expect(found).toHaveLength(20_001);
    expect(found.at(-1)).toBe('ana|pw');
  });
});

describe('a line that is too long', () => {
  /** A corpus of one short line, one of `bytes` and one short line, in blocks of 256 KiB. */
  function* corpusWithLine(bytes: number): Generator<Buffer> {
    yield Buffer.from('username,password\nana,pw:x\n');
    for (let left = bytes; left > 0; left -= MiB / 4) yield Buffer.alloc(Math.min(left, MiB / 4), 'x');
    yield Buffer.from('\nben,pw:x\n');
  }

  test('a line that is too long is counted once and not buffered', () => {
    const { username, password } = { username: 'username', password: 'password' };
    const formats: [CorpusFormat, string[]][] = [
      [comboFormat, ['!no-separator', 'ana,pw|x', '!too-long', 'ben,pw|x']],
      [csvFormat({ columns: { username, password } }), ['ana|pw:x', '!too-long', 'ben|pw:x']],
    ];
    for (const [format, expected] of formats) {
      const before = process.memoryUsage();
      let most = 0;
      const watched = function* (): Generator<Buffer> {
        for (const block of corpusWithLine(400 * MiB)) {
          const { heapUsed, external } = process.memoryUsage();
          most = Math.max(most, heapUsed + external - before.heapUsed - before.external);
          yield block;
        }
      };
      expect(parseAll(format, watched())).toEqual(expected);
      // Garbage that was not collected yet is counted in: far more than a block, far less than the
      // line.
      expect(most).toBeLessThan(200 * MiB);
    }
  });

  test('a line is too long from one byte beyond the maximum', () => {
    const lengths: (number | 'too long')[] = [];
    const splitter = new LineSplitter({
      line: (bytes) => lengths.push(bytes.length),
      tooLong: () => lengths.push('too long'),
    });
    splitter.push(Buffer.from(`${'x'.repeat(MAX_LINE_BYTES)}\n${'x'.repeat(MAX_LINE_BYTES + 1)}\n`));
    splitter.push(Buffer.from('x'.repeat(MAX_LINE_BYTES + 1)));
    splitter.end();
    expect(lengths).toEqual([MAX_LINE_BYTES, 'too long', 'too long']);
  });

  test('a quoted cell of too many lines is not a row', () => {
    const csv = csvFormat({ columns: { username: 'username', password: 'password' } });
    const lines = (count: number): string => 'x\n'.repeat(count);
    expect(parseAll(csv, [`username,password\nana,"${lines(40)}"\n`])).toEqual([`ana|${lines(40)}`]);
    const found = parseAll(csv, [`username,password\nana,"${lines(100_000)}"\nben,pw\n`]);
    expect(found[0]).toBe('!malformed-row');
    expect(found.at(-1)).toBe('ben|pw');
  });
});
