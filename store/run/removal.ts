// What the suppressed names of a dataset take out of its runs. PROTOCOL.md §12.
//
// The record of a username holds its whole entry, so it is told exactly. Those of its pairs and
// similarity forms hold the hash of the username, 32 bits of it: they are a suppressed person's if
// every username record of that hash is one.

import type { NormalizedPassword, NormalizedUsername, PrivateInput } from '../../protocol/brands.ts';
import { readU32, writeU32 } from '../../protocol/bytes.ts';
import { TAG_AND_SEED_BYTES } from '../../protocol/entry.ts';
import { pairInput, usernameInput } from '../../protocol/private-input.ts';
import type { KeyedSuite } from '../../protocol/suite.ts';
import { AccountRecords, keyOf } from './account-records.ts';
import type { RecordStream } from './merge.ts';
import { ENTRY_BYTES, RECORD_BYTES, TAG_AT } from './record.ts';
import type { Run } from './run.ts';

/** What of one run is left out. */
export interface RunRemoval {
  /** Hashes whose records all go, ascending. */
  readonly hashes: readonly number[];
  /** Of other hashes: the username records that go. */
  readonly entries: ReadonlySet<string>;
  readonly records: number;
  readonly usernames: number;
  /** Records that may be a suppressed person's, or another's with the same hash: they stay. */
  readonly kept: number;
}

/** The entry of a username, as its record begins. */
export const nameEntry = (suite: KeyedSuite, username: NormalizedUsername): Uint8Array =>
  entryOf(suite, username, usernameInput(username));

/** That of a pair. */
export const pairEntry = (suite: KeyedSuite, username: NormalizedUsername, password: NormalizedPassword): Uint8Array =>
  entryOf(suite, username, pairInput(username, password));

function entryOf(suite: KeyedSuite, username: NormalizedUsername, input: PrivateInput): Uint8Array {
  const entry = new Uint8Array(ENTRY_BYTES);
  writeU32(entry, 0, suite.accountBucketHash(username));
  entry.set(suite.evaluate(input).subarray(0, TAG_AND_SEED_BYTES), TAG_AT);
  return entry;
}

/**
 * Looks the entries up in a run. What it reads is not verified: a pass over the run must be.
 * @returns undefined if the run holds none of them
 */
export function planRemoval(run: Run, entries: readonly Uint8Array[]): RunRemoval | undefined {
  const section = run.facts.sections.find(({ index }) => index === 'account');
  if (!section || entries.length === 0) return undefined;
  const listed = new Set(entries.map((entry) => keyOf(entry, 0)));
  const hashes = [...new Set(entries.map((entry) => readU32(entry, 0)))].sort((a, b) => a - b);
  const records = new AccountRecords(run, section.records);
  const plan = { hashes: [] as number[], entries: new Set<string>(), records: 0, usernames: 0, kept: 0 };
  try {
    for (const hash of hashes) {
      const { found, usernames, others } = records.look(hash, listed);
      // An ingest never writes pairs without their username: nobody knows whose these are.
      if (usernames === 0) plan.kept += others;
      if (found.length === 0) continue;
      plan.usernames += found.length;
      if (found.length === usernames) {
        plan.hashes.push(hash);
        plan.records += usernames + others;
      } else {
        for (const key of found) plan.entries.add(key);
        plan.records += found.length;
        plan.kept += others;
      }
    }
  } finally {
    records.close();
  }
  return plan.records + plan.kept > 0 ? plan : undefined;
}

/** The records of a run's account section, without what is left out. */
export function withoutRemoved(stream: RecordStream, { hashes, entries }: RunRemoval): RecordStream {
  const whole = new Set(hashes);
  const touched = [...new Set([...hashes, ...[...entries].map((key) => Buffer.from(key, 'latin1').readUInt32BE())])];
  touched.sort((a, b) => a - b);
  let next = 0;
  const filter = (block: Uint8Array): Uint8Array => {
    const last = readU32(block, block.length - RECORD_BYTES);
    while (next < touched.length && (touched[next] as number) < readU32(block, 0)) next++;
    if (next === touched.length || (touched[next] as number) > last) return block;
    let to = 0;
    for (let at = 0; at < block.length; at += RECORD_BYTES) {
      if (whole.has(readU32(block, at)) || entries.has(keyOf(block, at))) continue;
      if (to < at) block.copyWithin(to, at, at + RECORD_BYTES);
      to += RECORD_BYTES;
    }
    return block.subarray(0, to);
  };
  const readBlock = (): Uint8Array => {
    for (;;) {
      const block = stream.readBlock();
      if (block.length === 0) return block;
      const left = filter(block);
      // An empty block would end the stream.
      if (left.length > 0) return left;
    }
  };
  const { number = 0 } = stream;
  return { number, readBlock };
}
