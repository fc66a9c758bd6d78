// Reads the record of a gateway, whether or not it runs.

import fs from 'node:fs';
import readline from 'node:readline';
import { type Decision, parseDecision } from './decision-schema.ts';
import { recordFiles, recordFolder } from './record-files.ts';

/** Decisions from a time on, in the order in which they were written. */
export async function* readRecord(stateDirectory: string, sinceMs: number): AsyncGenerator<Decision> {
  for (const file of recordFiles(recordFolder(stateDirectory))) {
    // One that the gateway deletes meanwhile is past anyway.
    const input = fs.createReadStream(file).on('error', () => undefined);
    for await (const line of readline.createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      const decision = parseDecision(line);
      if (decision && decision.at >= sinceMs) yield decision;
    }
  }
}
