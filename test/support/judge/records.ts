// The records that a truth makes in a run, and those that a run has.

import type { KeyedSuite } from '../../../protocol/suite.ts';
import { type Credential, credentialRecords } from '../../../store/run/credential-records.ts';
import { HASH_BYTES } from '../../../store/run/range-record.ts';
import { KEY_BYTES, KIND_AT, RECORD_BYTES, readTimes } from '../../../store/run/record.ts';
import { openRun } from '../../../store/run/run.ts';
import { RunReader } from '../../../store/run/run-reader.ts';
import { SECTION_LAYOUTS } from '../../../store/run/sections.ts';
import type { Content } from '../generated/draft.ts';

/** A record: its index, kind and key in one text, with its count. */
export type Records = Map<string, number>;

/** Each item of a content with its records. */
export type ItemRecords = readonly (readonly string[])[];

export interface ExpectedRecords {
  readonly items: ItemRecords;
  readonly times: Records;
}

const nameOf = (index: string, kind: number, key: Uint8Array): string =>
  `${index} ${kind} ${Buffer.from(key).toString('hex')}`;

/** The records of a content under a suite. */
export function expectedRecords(suite: KeyedSuite, content: Content): ExpectedRecords {
  const times: Records = new Map();
  const items: string[][] = [];
  const records = credentialRecords(suite, ['account', 'password']);
  const derive = (credential: Credential): string[] => {
    const names: string[] = [];
    records.derive(credential, (index, record) =>
      names.push(nameOf(index, record[KIND_AT] as number, record.subarray(0, KEY_BYTES))),
    );
    return names;
  };
  const add = (names: string[], count: number): void => {
    for (const name of names) times.set(name, (times.get(name) ?? 0) + count);
    items.push(names);
  };
  for (const pair of content.pairs) add(derive({ ...pair, times: 1 }), 1);
  for (const { password, times: count } of content.passwords) add(derive({ password, times: count }), count);
  // The first record of a pair is the pair's, the second the username's.
  for (const username of content.usernames) add(derive({ username, password: '', times: 1 }).slice(1), 1);
  for (const { index, hex, times: count } of content.hashes) add([`${index} 0 ${hex.toLowerCase()}`], count);
  return { items, times };
}

export interface RunRecords {
  readonly records: Records;
  readonly format: string;
  readonly rejects: { readonly [reason: string]: number };
}

/** Reads all records of a run. */
export function readRun(file: string): RunRecords {
  const run = openRun(file);
  const reader = new RunReader(run);
  const records: Records = new Map();
  for (const { index } of run.facts.sections) {
    reader.beginSection(index);
    const isKeyed = index === 'account' || index === 'password';
    const bytes = SECTION_LAYOUTS[index].recordBytes;
    const keyBytes = isKeyed ? KEY_BYTES : HASH_BYTES[index];
    for (let block = reader.readBlock(); block.length > 0; block = reader.readBlock())
      for (let at = 0; at < block.length; at += bytes) {
        const record = block.subarray(at, at + bytes);
        const kind = isKeyed && bytes === RECORD_BYTES ? (record[KIND_AT] as number) : 0;
        const times = isKeyed ? readTimes(record, 0) : Buffer.from(record).readUInt32BE(keyBytes);
        records.set(nameOf(index, kind, record.subarray(0, keyBytes)), times);
      }
  }
  reader.finish();
  const { format, rejects } = run.facts;
  return { records, format, rejects };
}
