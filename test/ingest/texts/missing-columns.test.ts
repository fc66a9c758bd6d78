// Columns that the operator names and a text of the corpus lacks: the corpus is refused, by the
// name of the text and of the column.

import { describe, expect } from 'vitest';
import { dryRun } from '../../../ingest/dry-run.ts';
import { createFormat } from '../../../ingest/format-registry.ts';
import { ingest } from '../../../ingest/ingest.ts';
import { openInputs } from '../../../ingest/input/inputs.ts';
import { LeftOut } from '../../../ingest/input/left-out.ts';
import { createDataset } from '../../../store/dataset.ts';
import type { WorkPlace } from '../../support/credveil.ts';
import { seededKey } from '../../support/dataset.ts';
import { placeTest as test } from '../../support/vitest/fixtures.ts';

const key = seededKey('hmac', 1);
const formatOptions = { columns: { username: 'mail', password: 'password' } };
const objects = (login: string, count: number): string =>
  Array.from({ length: count }, (_, i) => `{"${login}":"u${i}@example.test","password":"secret${i}"}\n`).join('');
const inserts = (login: string): string =>
  `INSERT INTO users (id, ${login}, password) VALUES (1,'ann@example.test','blue1'),(2,'bob@example.test','red2');\n`;

/** Both files as an ingest and as a dry run. */
function readingsOf(place: WorkPlace, good: string, bad: string, name: string) {
  const dataset = createDataset(place.at('dataset'), key, { indexes: ['account', 'password'] });
  const inputs = openInputs([place.write(`good.${name}`, good), place.write(`bad.${name}`, bad)]);
  return (options: object) => {
    const leftOut = new LeftOut();
    const all = { inputs, leftOut, ...options };
    return [
      () => dryRun(dataset.parameters, key, all),
      () => ingest(dataset, key, { source: 'first', threads: 1, ...all }),
    ];
  };
}

describe('a text without a named column refuses the corpus', () => {
  test.for([
    ['jsonl', objects('mail', 50), objects('login', 50), 'json-lines'],
    ['jsonl', objects('mail', 9), objects('login', 20_000), 'json-lines'],
    [
      'json',
      `[${objects('mail', 9).trim().replaceAll('\n', ',')}]`,
      `[${objects('x', 9).trim().replaceAll('\n', ',')}]`,
      'json',
    ],
    ['sql', inserts('mail'), inserts('email'), 'sql'],
  ])('of %s', async ([name = '', good = '', bad = '', format = ''], { place }) => {
    const readings = readingsOf(place, good, bad, name);
    const named = { format: createFormat(format, formatOptions) };
    for (const read of [...readings({ formatOptions }), ...readings(named)])
      await expect(read()).rejects.toMatchObject({
        code: 'COLUMN_MISSING',
        message: expect.stringMatching(/^bad\.\w+: .*no column "mail" for username: .*password/),
        hint: expect.stringContaining('--columns'),
      });
  });

  test('unless it may be left out', async ({ place }) => {
    const readings = readingsOf(place, objects('mail', 50), objects('login', 50), 'jsonl');
    const [dry, real] = readings({ formatOptions, skipUnrecognised: true });
    expect(await dry?.()).toMatchObject({ credentials: 50, rejects: [] });
    expect(await real?.()).toMatchObject({ facts: { credentials: 50, rejects: {} } });
  });
});

test('a text of which nothing is read raises the alarm of many rejects', async ({ place }) => {
  const { parameters } = createDataset(place.at('dataset'), key, { indexes: ['account', 'password'] });
  const many = objects('mail', 500);
  const empty = Array.from({ length: 20 }, (_, i) => `{"mail":"u${i}@example.test","password":""}\n`).join('');
  const inputs = openInputs([place.write('many.jsonl', many), place.write('none.jsonl', empty)]);
  const { alarms } = await dryRun(parameters, key, { inputs });
  expect(alarms.filter(({ name }) => name === 'many-rejects').map(({ text }) => text)).toEqual(['none.jsonl']);
});
