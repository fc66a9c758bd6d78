// The message for an older Node, the formatting of numbers for people, and progress bars.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { formatTable, note, print } from '../../cli/output.ts';
import { ProgressBar } from '../../cli/progress.ts';
import { formatBytes, formatCounted, formatSeconds } from '../../cli/units.ts';
import { bin } from '../support/credveil.ts';

describe('an older Node', () => {
  const { PATH = '' } = process.env;
  const outside = PATH.split(path.delimiter).filter((folder) => !folder.includes('node_modules'));
  const older = outside
    .map((folder) => path.join(folder, 'node'))
    .filter((file) => fs.existsSync(file))
    .find((file) => {
      const [major = 0, minor = 0] = execFileSync(file, ['-p', 'process.versions.node'], { encoding: 'utf8' })
        .split('.')
        .map(Number);
      return major < 22 || (major === 22 && minor < 18);
    });

  test.skipIf(older === undefined)('an older Node gets a one-line message and exit code 1', () => {
    let refused: { status?: number; stdout?: string; stderr?: string } = {};
    try {
      execFileSync(older ?? '', [bin, 'serve', 'leaks'], { encoding: 'utf8', stdio: 'pipe' });
    } catch (error) {
      refused = error as typeof refused;
    }
    expect(refused).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/^credveil needs Node [^\n]*\n$/),
    });
  });
});

describe('formatting for people', () => {
  test('counts use the singular or plural of the noun', () => {
    expect([0, 1, 2, 1000].map((count) => formatCounted(count, 'entry'))).toEqual([
      '0 entries',
      '1 entry',
      '2 entries',
      '1,000 entries',
    ]);
    expect([1, 2].map((count) => formatCounted(count, 'run'))).toEqual(['1 run', '2 runs']);
  });

  test('times and sizes are rounded without overflowing a unit', () => {
    const seconds = [0.04, 9.94, 9.96, 59.4, 59.6, 119.7, 3599.6, 7260];
    expect(seconds.map(formatSeconds)).toEqual([
      '0.0 s',
      '9.9 s',
      '10 s',
      '59 s',
      '1 min 0 s',
      '2 min 0 s',
      '1 h 0 min',
      '2 h 1 min',
    ]);
    expect([1023, 1024, 1536, 2 ** 30].map(formatBytes)).toEqual(['1023 B', '1.0 KiB', '1.5 KiB', '1.0 GiB']);
    expect(
      formatTable(
        ['A', 'N'],
        [
          ['x', 10],
          ['yy', 2],
        ],
      ),
    ).toBe('A    N\nx   10\nyy   2');
  });
});

const BAR = { label: 'ingest a', done: 1, total: 2, figures: ['1 line'] };

test.each([80, 140])('what is written during a bar of %i columns begins a line, and so does the bar', (columns) => {
  const written: string[] = [];
  const write = (text: string): boolean => written.push(text) > 0;
  const spies = [process.stderr, process.stdout].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation((text) => write(String(text))),
  );
  const terminal = { isTTY: true, columns, write } as NodeJS.WriteStream;
  try {
    const bar = new ProgressBar(terminal);
    bar.update(() => BAR);
    note('ALARM: source a');
    note('second');
    bar.finish(BAR);
    print('result');
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  const [first, ...others] = written.join('').split('\n');
  expect(first).toContain('ingest a');
  expect(others.map((line) => line.includes('ingest a') || line)).toEqual([
    'ALARM: source a',
    'second',
    true,
    'result',
    '',
  ]);
});
