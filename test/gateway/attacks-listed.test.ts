// The list of attacks beside this file names tests that are there.

import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const ROW = /^\| (?<attack>[^|]+) \| \[[^\]]+\]\((?<file>[^)]+)\) \| `(?<title>.+)` \|$/;

test('each attack of the list has its test', () => {
  const lines = fs.readFileSync(path.join(import.meta.dirname, 'README.md'), 'utf8').split('\n');
  const rows = lines.filter((line) => line.startsWith('| ')).slice(1);
  expect(rows.length).toBeGreaterThan(40);
  for (const row of rows) {
    const { file = '', title = '' } = ROW.exec(row)?.groups ?? {};
    const text = fs.readFileSync(path.join(import.meta.dirname, file), 'utf8');
    expect(text.includes(title), row).toBe(true);
  }
});
