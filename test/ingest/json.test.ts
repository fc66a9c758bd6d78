// JSON of any shape and size, against JSON.parse where that reads it.

import { describe, expect, test } from 'vitest';
import { createFormat } from '../../ingest/format-registry.ts';
import { parseAll, readCorpus, refusalOf } from '../support/corpus-text.ts';
import { createRandom, type Random, testSeed } from '../support/random.ts';

const json = (text: string | Buffer, columns?: { username: string | string[]; password: string }): string[] => {
  const format = createFormat('json', columns ? { columns } : {});
  const bytes = Buffer.from(text);
  const whole = parseAll(format, [bytes]);
  for (const size of [1, 3, 7]) {
    const blocks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    );
    expect(parseAll(format, blocks), `blocks of ${size}`).toEqual(whole);
  }
  return whole;
};

describe('objects', () => {
  const ann = '{"email":"ann","password":"x"}';
  const ben = '{"email":"ben","password":"y"}';
  test.each([
    `[${ann},${ben}]`,
    `\ufeff[\n${ann},\n${ben}\n]\n`,
    `${ann}\n${ben}\n`,
    `${ann}${ben}`,
    `{"total":2,"data":{"users":[${ann},${ben}]},"next":null}`,
    `[{"login":${ann},"uris":[{"uri":"a"}]},{"login":${ben}}]`,
    `{"a":${ann},"b":${ben}}`,
    JSON.stringify(
      [ann, ben].map((text) => JSON.parse(text)),
      null,
      4,
    ),
  ])('objects with a login and a password are found wherever they are (%#)', (text) => {
    expect(json(text)).toEqual(['ann|x', 'ben|y']);
    expect(readCorpus(text)).toEqual(['ann|x', 'ben|y']);
  });

  test('arrays of values are all logins or passwords of their object', () => {
    expect(json('{"email":["ann","a2"],"username":[],"password":["x",7,null,""]}')).toEqual([
      'ann|x',
      'a2|x',
      'ann|7',
      'a2|7',
      '!empty-password',
      '!empty-password',
    ]);
  });

  test('an object without a login or a password is a reject, and one that is neither is not', () => {
    expect(
      json('[{"email":"ann"},{"password":"x"},{"email":null,"password":"x"},{"email":"ann","password":null}]'),
    ).toEqual(['!missing-column', '!missing-column', 'x', '!empty-password']);
    expect(json('{"meta":{"page":1},"rows":[{"id":1}]}')).toEqual(['!missing-column']);
  });

  test('columns may be paths of members, of different depth', () => {
    const columns = { username: ['user.email', 'login'], password: 'secret.plain' };
    expect(
      json('[{"user":{"email":"ann"},"login":"a","secret":{"plain":"x","hash":"y"},"plain":"z"}]', columns),
    ).toEqual(['ann|x', 'a|x']);
    expect(json('{"user.email":"ann","secret.plain":"x"}', columns)).toEqual(['ann|x']);
    expect(json('{"user":[{"email":"ann"}],"secret":{"plain":"x"}}', columns)).toEqual(['ann|x']);
    const vault = '{"items":[{"type":1,"login":{"username":"ann","password":"x"}},{"type":2},{"login":null}]}';
    expect(json(vault, { username: 'items.login.username', password: 'items.login.password' })).toEqual(['ann|x']);
    expect(json(vault, { username: 'items.type', password: 'items.login.password' })).toEqual([
      '1|x',
      '!missing-column',
    ]);
    const nested = '[{"email":"ann","leaks":[{"pw":"x"},{"pw":"y"}]},{"email":"ben","leaks":[]}]';
    expect(json(nested, { username: 'email', password: 'leaks.pw' })).toEqual(['ann|x', 'ann|y', '!missing-column']);
  });

  test('columns that no object has are refused, with the names that were seen', () => {
    const columns = { username: 'mail', password: 'word' };
    for (const text of ['[{"email":"ann","password":"x"}]', '{"email":"ann","password":"x"}\n'.repeat(2)])
      expect(refusalOf(() => readCorpus(text, { columns }))).toMatch(/^COLUMN_MISSING: .*"word".*: email, password/);
  });
});

describe('text', () => {
  test('escapes, surrogates, control characters and bytes of windows-1252 are what JSON.parse reads', () => {
    expect(json('{"email":"\\u0061\\n\\"","password":"\\ud83d\\ude00\\u0000\\/"}')).toEqual(['a\n"|\u{1f600}\0/']);
    expect(json('{"email":"a","password":"x\\ud800y"}')).toEqual(['a|x\ud800y']);
    expect(json(Buffer.from('{"email":"a","password":"caf\xe9"}', 'latin1'))).toEqual(['a|café']);
    expect(json('{"email":"a","password":"sun\u2028rise"}')).toEqual(['a|sun\u2028rise']);
  });

  test('numbers are as written', () => {
    for (const number of ['12345678901234567890', '1.10', '1e5', '-0', '0.0'])
      expect(json(`{"email":"a","password":${number}}`)).toEqual([`a|${number}`]);
  });

  test('what is malformed costs its own object', () => {
    const good = '{"email":"ann","password":"x"}';
    for (const bad of [
      '{"email":"ben","password":"y}',
      '{"email":"ben","password":01}',
      '{"email":"ben","password":"\\x"}',
      '{"email":"ben" "password":"y"}',
      '{"email":"ben",}',
      '{email:"ben"}',
      '{"email":"b\nen"}',
      '{"a":[1,]}',
      '{"a":[1}',
      '{"a":tru}',
    ]) {
      const found = json(`[${good},${bad},\n${good}]`);
      expect([found[0], found.at(-1)], bad).toEqual(['ann|x', 'ann|x']);
      expect(found, bad).toContain('!malformed-row');
      expect(
        found.filter((line) => line.startsWith('ben')),
        bad,
      ).toEqual([]);
    }
  });

  test('strings of any length and nesting of any depth take bounded memory', () => {
    const before = process.memoryUsage();
    let most = 0;
    let credentials = 0;
    let rejects = 0;
    const parser = createFormat('json').createParser({ credential: () => credentials++, reject: () => rejects++ });
    const watch = (text: string, times: number): void => {
      const block = Buffer.from(text);
      for (let i = 0; i < times; i++) {
        parser.push(block);
        const { heapUsed, external } = process.memoryUsage();
        most = Math.max(most, heapUsed + external - before.heapUsed - before.external);
      }
    };
    watch('[{"email":"ann","password":"x","note":"', 1);
    watch('n'.repeat(1 << 18), 200);
    watch('","password":"', 1);
    watch('p'.repeat(1 << 18), 200);
    watch('"},', 1);
    watch('{"email":"ann","password":"x"},'.repeat(8000), 40);
    watch('{"a":['.repeat(1 << 16), 20);
    watch('{"email":"ann","password":"x"}', 1);
    parser.end();
    expect(credentials).toBe(40 * 8000 + 1);
    expect(rejects).toBeGreaterThan(0);
    expect(most).toBeLessThan(120 * 2 ** 20);
  });
});

test('JSON of any shape holds the same credentials as by JSON.parse', () => {
  const random = createRandom(testSeed('json'));
  const pieces = ['a', 'é', '"', '\\', '\n', '{', '}', '[', ']', ',', ':', '\u2028', '\ud800', ' '];
  const text = (): string => Array.from({ length: random.below(6) }, () => random.pick(pieces)).join('');
  for (let round = 0; round < 500; round++) {
    const expected: string[] = [];
    const value = nested(random, text, expected, 0);
    const written = JSON.stringify([value], null, random.pick([0, 2, '\t']));
    expect(
      json(written).filter((line) => !line.startsWith('!')),
      written,
    ).toEqual(expected);
  }
});

/** Adds a credential for each object of the value that has one, in the order of their ends. */
function nested(random: Random, text: () => string, expected: string[], depth: number): unknown {
  const kind = depth > 3 ? 0 : random.below(4);
  if (kind === 0) return random.pick([text(), random.below(1000), null, true, { note: text() }]);
  if (kind === 1) return Array.from({ length: random.below(4) }, () => nested(random, text, expected, depth + 1));
  const object: { [name: string]: unknown } = {};
  for (let i = random.below(3); i > 0; i--) object[`k${i}${text()}`] = nested(random, text, expected, depth + 1);
  if (kind === 3) {
    object.email = `u${text()}`;
    object.password = `p${text()}`;
    expected.push(`${object.email}|${object.password}`);
  }
  return object;
}
