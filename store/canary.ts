// The canary's records: every snapshot holds them, no run does. All test credentials rest on them. PROTOCOL.md §10.

import { INDEX_NAMES, type IndexName } from '../protocol/bucket-id.ts';
import type { KeyedSuite } from '../protocol/suite.ts';
import { CANARY } from '../protocol/test-credentials.ts';
import { credentialRecords } from './run/credential-records.ts';
import type { RecordStream } from './run/merge.ts';
import { RECORD_BYTES } from './run/record.ts';

/** One stream a record: the merge brings them in order. */
export function canaryStreams(suite: KeyedSuite, index: IndexName, similar = false): RecordStream[] {
  const streams: RecordStream[] = [];
  credentialRecords(suite, INDEX_NAMES, similar).derive({ ...CANARY, times: 1 }, (recordIndex, record) => {
    if (recordIndex !== index) return;
    let block = record.slice(0, RECORD_BYTES);
    streams.push({
      number: 0,
      readBlock: () => {
        const next = block;
        block = new Uint8Array(0);
        return next;
      },
    });
  });
  return streams;
}
