// Texts of one long line that repeats what a parser looks at: no crash, in bounded time.

import { expect, test } from 'vitest';
import { run, TARGETS } from '../../support/ingest-fuzz/campaign.ts';
import { LINE_BYTES, SHAPES } from '../../support/ingest-fuzz/inputs.ts';

test.each(TARGETS)('the longest lines of every shape pass through %s', (target) => {
  for (const shape of SHAPES) {
    const input = Buffer.from(shape(LINE_BYTES));
    expect(run(target, input, 65_536)).toBeGreaterThanOrEqual(0);
  }
});
