// Results as CSV: what a spreadsheet would run is text.

import { expect, test } from 'vitest';
import { csvRow } from '../../match/results.ts';

test.each([
  ['=HYPERLINK("http://x.example")', `"'=HYPERLINK(""http://x.example"")"`],
  ['=1+1', `"'=1+1"`],
  ['+49123', `"'+49123"`],
  ['-5', `"'-5"`],
  ['@SUM(A1)', `"'@SUM(A1)"`],
  ['\t=1', `"'\t=1"`],
  ['\r=1', `"'\r=1"`],
  ['\n=1', `"'\n=1"`],
  ['\tx', `"'\tx"`],
  ['\rx', `"'\rx"`],
  ['  =1', `"'  =1"`],
  ['\u00a0=1', `"'\u00a0=1"`],
  ['\ufeff=1', `"'\ufeff=1"`],
  ['|calc', `"'|calc"`],
  ['%0A', `"'%0A"`],
  ['＝1', `"'＝1"`],
  // In the middle they are harmless, as long as no cell begins there.
  ['a=1', 'a=1'],
  ['a,=1', '"a,=1"'],
  ['a;=1', '"a;=1"'],
  ['a"\n=1', '"a""\n=1"'],
  ['a\t=1', '"a\t=1"'],
  ["o'neil", `"o'neil"`],
  ['7', '7'],
  ['', ''],
])('a cell %j is written %j', (cell, written) => {
  expect(csvRow([cell, null])).toBe(`${written},\n`);
});
