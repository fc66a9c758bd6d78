// Lists and logs as people have them: what recognition and the parser make of each line, or the
// refusal.

import { describe, expect, test } from 'vitest';
import { detectFormat } from '../../ingest/format-registry.ts';
import { createSample } from '../../ingest/formats/sample.ts';
import { readCorpus, refusalOf } from '../support/corpus-text.ts';

const text = (...lines: readonly string[]): string => `${lines.join('\n')}\n`;
const ANN_BOB_CEE = ['ann@example.test|Sunrise42', 'bob@example.test|blue-horse', 'cee@example.test|kettle!7'];

describe('lines with a URL', () => {
  test.each([
    [
      text(
        'https://shop.example.test/login|ann@example.test|Sunrise42',
        'https://mail.example.test/|bob@example.test|blue-horse',
        'https://forum.example.test:8443/x|cee@example.test|kettle!7',
      ),
    ],
    [
      text(
        'ann@example.test:Sunrise42:https://shop.example.test/login',
        'bob@example.test:blue-horse:https://mail.example.test/',
        'cee@example.test:kettle!7:https://forum.example.test:8443/x',
      ),
    ],
    [
      text(
        'https://shop.example.test/login ann@example.test:Sunrise42',
        'https://mail.example.test/ bob@example.test:blue-horse',
        'https://forum.example.test/x cee@example.test:kettle!7',
      ),
    ],
    [
      text(
        'https://shop.example.test/login ann@example.test Sunrise42',
        'https://mail.example.test/ bob@example.test blue-horse',
        'https://forum.example.test/x cee@example.test kettle!7',
      ),
    ],
  ])('are read whatever separates URL, username and password (%#)', (corpus) => {
    expect(readCorpus(corpus)).toEqual(ANN_BOB_CEE);
  });

  test('are read beside lines of other shapes, each by its own', () => {
    const corpus = text(
      'https://shop.example.test/:ann@example.test:Sunrise42',
      'android://c2FsdHlzYWx0eQ==@com.example.shop/:bob@example.test:blue-horse',
      'https://a.example.test/login:cee:kettle!7',
      'dan@example.test:12345',
      'eve:pa:ss3word',
      'https://b.example.test/x:fay@example.test:waterfall88',
      'shop2.example.test/login:gus@example.test:Sunrise43',
      'https://u:p@c.example.test/:hal:https-is-fine',
    );
    expect(readCorpus(corpus)).toEqual([
      'ann@example.test|Sunrise42',
      'bob@example.test|blue-horse',
      'cee|kettle!7',
      'dan@example.test|12345',
      'eve|pa:ss3word',
      'fay@example.test|waterfall88',
      'gus@example.test|Sunrise43',
      'hal|https-is-fine',
    ]);
  });

  test('in a list of pairs are read as what they are', () => {
    const corpus = text(
      'https://shop.example.test/:ann@example.test:Sunrise42',
      'dan@example.test:12345',
      'eve:pa:ss3word',
      'gus@example.test:Sunrise43',
      'hal@example.test:Sunrise44',
    );
    expect(readCorpus(corpus)).toEqual([
      'ann@example.test|Sunrise42',
      'dan@example.test|12345',
      'eve|pa:ss3word',
      'gus@example.test|Sunrise43',
      'hal@example.test|Sunrise44',
    ]);
  });
});

describe('pairs', () => {
  test.each([
    [text('ann@example.test Sunrise42', 'bob@example.test blue-horse', 'cee@example.test kettle!7')],
    [text('ann@example.test : Sunrise42', 'bob@example.test : blue-horse', 'cee@example.test : kettle!7')],
    [text('ann@example.test----Sunrise42', 'bob@example.test----blue-horse', 'cee@example.test----kettle!7')],
    [text('1. ann@example.test:Sunrise42', '2. bob@example.test:blue-horse', '3. cee@example.test:kettle!7')],
    [text('1001:ann@example.test:Sunrise42', '1002:bob@example.test:blue-horse', '1003:cee@example.test:kettle!7')],
    [text('"ann@example.test":"Sunrise42"', '"bob@example.test":"blue-horse"', '"cee@example.test":"kettle!7"')],
    [
      text(
        'email=>password',
        'ann@example.test=>Sunrise42',
        'bob@example.test=>blue-horse',
        'cee@example.test=>kettle!7',
      ),
    ],
    [
      text(
        '# leak 2024',
        '# ----',
        'ann@example.test:Sunrise42',
        'bob@example.test:blue-horse',
        'cee@example.test:kettle!7',
      ),
    ],
  ])('are read whatever separates, or numbers them (%#)', (corpus) => {
    expect(readCorpus(corpus).filter((found) => !found.startsWith('!'))).toEqual(ANN_BOB_CEE);
  });

  test.each([
    ['ann@example.test:Sunrise42\rbob@example.test:blue-horse\rcee@example.test:kettle!7\r'],
    ['ann@example.test:Sunrise42\r\r\nbob@example.test:blue-horse\r\r\n\ufeffcee@example.test:kettle!7\r\r\n'],
  ])('are read whatever ends their lines (%#)', (corpus) => {
    expect(readCorpus(corpus)).toEqual(ANN_BOB_CEE);
  });

  test('of a line with a NUL are rejected with a reason', () => {
    const found = readCorpus(text('ann@example.test:Sun\0rise', 'bob@example.test:blue-horse', 'cee@example.test:x'));
    expect(found).toEqual(['!nul-byte', 'bob@example.test|blue-horse', 'cee@example.test|x']);
  });
});

describe('a text that is no list of credentials is refused with what was seen and a flag', () => {
  test.each([
    [text('.shop.example.test\tTRUE\t/\tFALSE\t1893456000\tsid\tabc123')],
    [text('Build ID: x', 'IP: 198.51.100.7', 'UserName: AnnPC', 'Country: PT', 'Hardwares: ', 'Name: Intel, 4 Cores')],
    [text('Name: email', 'Value: ann@example.test', '=====', 'Name: city', 'Value: Lisboa', '=====')],
    [
      text(
        ...['star', 'magic', 'river', 'horse'].map(
          (page, i) => `198.51.100.${i} - - [12/Mar/2024:10:11:12 +0000] "GET /${page}${i} HTTP/1.1" 200 ${i * 711}`,
        ),
      ),
    ],
    [text('1) 7-Zip [19.00]', '2) Steam [2.1]')],
    [text('PDD: [Games] (steampowered)', 'CDD: ')],
    [text('<?xml version="1.0"?>', '<worksheet><row><c>ann</c></row></worksheet>')],
    [text('<html>', '<body>ann:Sunrise42</body>', '</html>')],
    ['%PDF-1.7\n%\xe2\xe3\n1 0 obj\n'],
    ['SQLite format 3\0\x10\0\x01\x01\0@'],
    [text('The quick brown fox jumps over', 'a lazy dog, and then it rests', 'for the whole of the day')],
    [text('ann@example.test', 'bob@example.test', 'cee@example.test')],
  ])('(%#)', (corpus) => {
    expect(refusalOf(() => readCorpus(corpus))).toMatch(/^(FORMAT_UNRECOGNISED|INPUT_BINARY): .* \/ .*--format/);
  });
});

describe('blocks', () => {
  test.each([
    [
      text(
        'Сайт: https://shop.example.test/',
        'Логин: ann@example.test',
        'Пароль: Sunrise42',
        '',
        'Сайт: https://shop.example.test/',
        'Логин: bob@example.test',
        'Пароль: blue-horse',
      ),
    ],
    [
      text(
        'Benutzername: ann@example.test',
        'Kennwort: Sunrise42',
        'Benutzername: bob@example.test',
        'Kennwort: blue-horse',
      ),
    ],
  ])('are read with labels of other languages (%#)', (corpus) => {
    expect(readCorpus(corpus).filter((found) => !found.startsWith('!'))).toEqual(ANN_BOB_CEE.slice(0, 2));
  });

  test('with a line that may be more of a password are left out aloud', () => {
    const corpus = text(
      '[Chrome]',
      'Hostname: https://shop.example.test/',
      'Username: ann@example.test',
      'Password: Sunrise42',
      'Hostname: https://mail.example.test/',
      'Username: bob@example.test',
      'Password: multi',
      'line pass',
      '',
      'Hostname: https://c.example.test/',
      'Username: cee@example.test',
      'Password: kettle!7',
    );
    expect(readCorpus(corpus)).toEqual(['ann@example.test|Sunrise42', '!malformed-row', 'cee@example.test|kettle!7']);
  });

  test('that are half count as the lone username or password', () => {
    const corpus = text(
      'URL: a',
      'Username: ann',
      'Password: Sunrise42',
      'URL: b',
      'Username: bob',
      'Password:',
      'URL: c',
      'Password: kettle!7',
    );
    expect(readCorpus(corpus)).toEqual(['ann|Sunrise42', 'bob|', 'kettle!7']);
  });
});

test('recognition takes time linear in a line that was made to be slow', () => {
  const slow = [`http://${'a'.repeat(250_000)}`, `a@${'.'.repeat(250_000)}@:x`, `${' '.repeat(250_000)}x`];
  for (const line of slow) {
    const before = process.threadCpuUsage();
    refusalOf(() => detectFormat(createSample(Buffer.from(line), true)));
    refusalOf(() => detectFormat(createSample(Buffer.from(`${line.slice(0, 4000)}\n`.repeat(60)), true)));
    const { user, system } = process.threadCpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(2_000);
  }
});
