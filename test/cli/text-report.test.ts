// The report of an ingest for people: texts read alike are told once, the odd ones first.

import fs from 'node:fs';
import { describe, expect, vi } from 'vitest';
import { describeLeftOut } from '../../cli/left-out.ts';
import { print, printResult, wrapWords } from '../../cli/output.ts';
import { describeEachText, describeTexts } from '../../cli/text-report.ts';
import type { ReportedText } from '../../store/run/run-report.ts';
import { credveil } from '../support/credveil.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

const text = (name: string, changes: Partial<ReportedText> = {}): ReportedText => ({
  name,
  format: 'stealer',
  options: {},
  score: 1,
  reasons: ['100% of the lines are in blocks'],
  credentials: 10,
  rejects: [],
  alarms: [],
  ...changes,
});
const logs = Array.from({ length: 30 }, (_, i) =>
  text(`stealer/victim${i}/Passwords.txt`, { reasons: [`${70 + i}% of the lines are in blocks`] }),
);
const rejects = [{ reason: 'long-line', lines: 5, examples: ['x…x'] }];
const odd = text('urls.txt', { format: 'url', rejects });
const alarming = text('tilde.txt', { format: 'combo', alarms: [{ name: 'long-passwords', share: 0.29 }] });

describe('texts of a report', () => {
  test('texts that were read alike are one line', () => {
    expect(describeTexts({ texts: logs, otherTexts: 0 })).toEqual([
      '30 texts stealer/*/Passwords.txt: format stealer (70% of the lines are in blocks in the first): 300 credentials, 0 rejected',
    ]);
  });

  test('alarms come first, then rejects, then what is rare', () => {
    const texts = [...logs, text('combo.txt', { format: 'combo' }), odd, alarming];
    const names = describeTexts({ texts, otherTexts: 0 })
      .filter((line) => !line.startsWith(' '))
      .map((line) => line.split(':')[0]);
    expect(names).toEqual(['tilde.txt', 'urls.txt', 'combo.txt', '30 texts stealer/*/Passwords.txt']);
  });

  test('texts of other options, formats, alarms or columns are never told with the others', () => {
    const texts = [
      text('a/x.csv'),
      text('b/x.csv', { options: { separator: ';' } }),
      text('c/x.csv', { columns: { used: ['password=p'], unused: [] } }),
      text('d/x.csv', { rejects }),
      text('e/x.csv', { alarms: [{ name: 'long-passwords', share: 0.5 }] }),
      text('f/x.csv', { reasons: ['named by the operator'] }),
    ];
    expect(describeTexts({ texts, otherTexts: 0 }).filter((line) => line.includes('/x.csv:'))).toHaveLength(6);
  });

  test('rejects and alarms of a group are summed', () => {
    const alarm = (share: number) => [{ name: 'long-passwords', share }];
    const texts = [
      text('part-1.txt', { rejects, alarms: alarm(0.2) }),
      text('part-2.txt', { rejects, alarms: alarm(0.4) }),
    ];
    const [head, ...rest] = describeTexts({ texts, otherTexts: 0 });
    expect(head).toMatch(/^2 texts part-\*\.txt: .*: 20 credentials, 10 rejected$/);
    expect(rest).toEqual(['  10 long-line, such as x…x', '  alarm long-passwords: 20% to 40%']);
  });

  test('the whole report names every text', () => {
    const lines = describeEachText({ texts: [...logs, odd], otherTexts: 2 });
    expect(lines.filter((line) => line.includes('/Passwords.txt: '))).toHaveLength(30);
    expect(lines.at(-1)).toBe('and 2 other texts');
  });
});

describe('what is left out', () => {
  test('names that differ in their folders are told once, after the others', () => {
    const names = [...logs.map(({ name }) => name.replace('Passwords.txt', 'screen.png')), 'notes/readme.png'];
    expect(describeLeftOut({ why: 'a PNG picture', count: 131, names })).toBe(
      'left out (a PNG picture): notes/readme.png, 30 stealer/*/screen.png, 100 more',
    );
  });

  test('folders of different depth', () => {
    expect(describeLeftOut({ why: 'empty', count: 2, names: ['logs/a/x.txt', 'logs/b/c/x.txt'] })).toBe(
      'left out (empty): 2 logs/**/x.txt',
    );
  });
});

describe('lines on a terminal', () => {
  test('break at words, and what follows is indented', () => {
    expect(wrapWords('left out (a picture): one.png, two.png\n  short', 24)).toBe(
      'left out (a picture):\n  one.png, two.png\n  short',
    );
  });

  test('a path that is too long stays whole, and columns keep their blanks', () => {
    const path = `/${'x'.repeat(40)}`;
    expect(wrapWords(`  see ${path} there`, 20)).toBe(`  see\n    ${path}\n    there`);
    expect(wrapWords('a    b', 20)).toBe('a    b');
  });
});

test('results are wrapped to a terminal, and JSON is not', () => {
  const written: string[] = [];
  const { isTTY, columns } = process.stdout;
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  try {
    Object.assign(process.stdout, { isTTY: true, columns: 20 });
    print('every word of this stays whole');
    printResult({ json: true }, { text: 'every word of this stays whole' }, () => '');
  } finally {
    write.mockRestore();
    Object.assign(process.stdout, { isTTY, columns });
  }
  expect(written).toEqual(['every word of this\n  stays whole\n', '{"text":"every word of this stays whole"}\n']);
});

test('refused texts are a line each, and no name of a file begins another', async ({ place }) => {
  fs.mkdirSync(place.at('mix'));
  place.write('mix/a.txt', 'a|b;c,d e\n1 2 3\n???\n'.repeat(20));
  place.write('mix/b\nerror FAKE.txt', 'a|b;c,d e\n1 2 3\n???\n'.repeat(20));
  const dataset = place.at('leaks');
  expect((await credveil(['init', dataset, '--suite', 'hmac'])).code).toBe(0);
  const { code, stderr } = await credveil(['ingest', dataset, place.at('mix'), '--source', 'mix']);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /error FORMAT_UNRECOGNISED: 2 texts of the corpus are refused:\n {2}a\.txt: .*\n {2}b\?error FAKE\.txt: .*\n {2}\S/,
  );
});

const comboLines = (of: string): string =>
  Array.from({ length: 40 }, (_, i) => `${of}${i}@example.org:w${(i * 7919) % 9000}rd\n`).join('');

test('sources --show names files by their path below the folder', async ({ place }) => {
  for (const at of ['one', 'two']) {
    fs.mkdirSync(place.at(`logs/${at}`), { recursive: true });
    place.write(`logs/${at}/list.txt`, comboLines(at));
  }
  const dataset = place.at('leaks');
  expect((await credveil(['init', dataset, '--suite', 'hmac'])).code).toBe(0);
  expect(await credveil(['ingest', dataset, place.at('logs'), '--source', 'logs'])).toMatchObject({ code: 0 });
  const { stdout } = await credveil(['sources', dataset, '--show', 'logs', '--json']);
  const { files } = JSON.parse(stdout) as { files: { name: string }[] };
  expect(files.map(({ name }) => name)).toEqual(['one/list.txt', 'two/list.txt']);
});
