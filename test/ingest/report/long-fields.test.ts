// Fields as long as a line may be: what looks at them takes little time of the processor.

import { describe, expect, test } from 'vitest';
import { foldLabel } from '../../../ingest/formats/blocks/block-text.ts';
import { cutLabel } from '../../../ingest/formats/blocks/labelled-line.ts';
import { foldName } from '../../../ingest/formats/column-names.ts';
import { isNotice, isRemark } from '../../../ingest/formats/remarks.ts';
import { MAX_LINE_BYTES } from '../../../ingest/input/lines.ts';

/** In quadratic time, each of these takes a second or more. */
const MAX_MS = 200;
const UNITS = ['\u0345\u0334', '1', ' ', ',', '@', '@.', '( ', 'a '];
const longOf = (unit: string): string => `${unit.repeat(MAX_LINE_BYTES / unit.length)}!`;
const ABOVE = { rows: 20, areAddresses: false };

const LOOKS: Record<string, (text: string) => unknown> = {
  'the name of a column': foldName,
  'a label': foldLabel,
  'a line with a label': (text) => cutLabel(`${text}:x`, ':'),
  'a sum': (text) => isRemark([''], text, text, ABOVE),
  'a remark': (text) => isRemark([`Total${text}`], text, text, ABOVE),
  'a notice': (text) => isNotice('Total', text),
};

describe.each(Object.entries(LOOKS))('%s', (_, look) => {
  test.each(UNITS.map((unit) => [escape(unit), unit]))('of %s', (_name, unit) => {
    const text = longOf(unit);
    const before = process.threadCpuUsage();
    look(text);
    const { user, system } = process.threadCpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(MAX_MS);
  });
});
