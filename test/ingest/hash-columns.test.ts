// Hashes of tables and accounts reach the range index that they are for.

import { expect } from 'vitest';
import { createFormat } from '../../ingest/format-registry.ts';
import type { FormatOptions } from '../../ingest/formats/format.ts';
import { ingest } from '../../ingest/ingest.ts';
import { openInputs } from '../../ingest/input/inputs.ts';
import type { RangeName } from '../../protocol/bucket-id.ts';
import { createDataset } from '../../store/dataset.ts';
import { publish } from '../../store/snapshot/publish.ts';
import { openSnapshot, rangeFiles } from '../../store/snapshot/snapshot.ts';
import { seededKey } from '../support/dataset.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

const SHA1 = 'd9cb7547d53132d106e8dc179731c94d7ce65a07';
const NTLM = '8846f7eaee8fb117ad06bdd830b7586c';
const LM = 'aad3b435b51404eeaad3b435b51404ee';

const CASES: readonly (readonly [string, RangeName, string, FormatOptions, string])[] = [
  [
    'csv',
    'sha1',
    `email,hash,n\nann,${SHA1},2\ncid,${SHA1},1\nben,x,1\n`,
    { columns: { sha1: 'hash', count: 'n' } },
    `${SHA1}:3`,
  ],
  ['json', 'ntlm', `[{"user":"ann","hash":"${NTLM}"}]`, { columns: { username: 'user', ntlm: 'hash' } }, `${NTLM}:1`],
  ['sql', 'ntlm', `INSERT INTO t (hash) VALUES ('${NTLM}');`, { columns: { ntlm: 'hash' } }, `${NTLM}:1`],
  ['pwdump', 'ntlm', `A\\ann:5:${LM}:${NTLM}:::\nbén:6:${LM}:${NTLM.toUpperCase()}:::\n`, {}, `${NTLM}:2`],
  ['user-sha1', 'sha1', `ann:${SHA1}\nbén:${SHA1}\n`, {}, `${SHA1}:2`],
];

for (const [name, index, text, options, row] of CASES)
  test(`hashes of ${name} feed ${index}, and no other index`, async ({ place }) => {
    const key = seededKey('hmac', 1);
    const dataset = createDataset(place.at('dataset'), key, {
      indexes: ['account', 'password'],
      ranges: ['sha1', 'ntlm'],
      hashPlaintext: true,
    });
    const inputs = openInputs([place.write('corpus', text)]);
    const { facts } = await ingest(dataset, key, {
      source: 'a',
      format: createFormat(name, options),
      inputs,
      threads: 1,
    });
    expect(facts.sections.map(({ index: fed }) => fed)).toEqual([index]);
    await publish(dataset, key.createSuite());
    const snapshot = await openSnapshot(dataset);
    try {
      const rows = [...rangeFiles(snapshot, index)].map((file) => `${file.name}${file.content.toString('latin1')}`);
      expect(rows.map((found) => found.toLowerCase())).toEqual([row]);
    } finally {
      snapshot.close();
    }
  });
