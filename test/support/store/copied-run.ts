// Copies a run with changes and a checksum that fits them, as a faulty ingest machine or an
// attacker on one could write it.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { RunFacts } from '../../../store/run/run-facts.ts';

const MAGIC_BYTES = 8;
const TRAILER_BYTES = 36;

export interface RunChange {
  /** Changes the records in place. */
  readonly records?: (records: Buffer) => void;
  /** Returns other facts; any JSON. */
  readonly facts?: (facts: RunFacts) => unknown;
}

/** @param to its name becomes the name of the source, unless `facts` says otherwise */
export function copyRun(from: string, to: string, { records, facts }: RunChange = {}): void {
  const bytes = fs.readFileSync(from);
  const factsBytes = bytes.readUInt32BE(bytes.length - TRAILER_BYTES);
  const factsAt = bytes.length - TRAILER_BYTES - factsBytes;
  const given = JSON.parse(bytes.toString('utf8', factsAt, factsAt + factsBytes)) as RunFacts;
  records?.(bytes.subarray(MAGIC_BYTES, factsAt));
  const named = { ...given, source: path.basename(to, '.run') };
  const json = Buffer.from(JSON.stringify(facts ? facts(named) : named));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  const content = Buffer.concat([bytes.subarray(0, factsAt), json, length]);
  fs.writeFileSync(to, Buffer.concat([content, createHash('sha256').update(content).digest()]));
}
