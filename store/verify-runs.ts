// Verifies the runs of a dataset: each by itself, and all of them merged, as publishing merges them.

import fs from 'node:fs';
import path from 'node:path';
import { INDEX_NAMES } from '../protocol/bucket-id.ts';
import type { KeyedSuite } from '../protocol/suite.ts';
import { type Dataset, workFolder } from './dataset.ts';
import { yieldToEventLoop } from './event-loop.ts';
import { Merge, type RecordStream } from './run/merge.ts';
import type { Run } from './run/run.ts';
import { SECTION_LAYOUTS, SECTION_NAMES, type SectionName } from './run/run-facts.ts';
import { prepareRunStreams, runNames } from './run/run-streams.ts';
import { canaryStreams } from './snapshot/publication.ts';

/** Records between two turns of the event loop. */
const RECORDS_PER_TURN = 1 << 18;

export interface VerifiedRuns {
  readonly records: number;
  /** Number of merged records, with those of the test credentials if there was a key. */
  readonly entries: { readonly [name in SectionName]?: number };
}

/**
 * Reads every record of every run. Without a key, the records of the test credentials are not
 * compared with those of the runs.
 * @throws StoreError `RUN_CORRUPT`
 */
export async function verifyRuns(
  dataset: Dataset,
  runs: readonly Run[],
  suite: KeyedSuite | undefined,
): Promise<VerifiedRuns> {
  const folder = path.join(workFolder(dataset), 'verify');
  const turn = (): Promise<void> => yieldToEventLoop(undefined);
  const entries: { [name in SectionName]?: number } = {};
  let read = 0;
  try {
    fs.rmSync(folder, { recursive: true, force: true });
    const streams = (await prepareRunStreams(runs, { folder, sections: SECTION_NAMES, turn }))();
    try {
      for (const section of SECTION_NAMES) {
        const merge = new Merge(
          [...streams.begin(section), ...canariesOf(dataset, section, suite)],
          SECTION_LAYOUTS[section],
          runNames(runs),
        );
        let merged = 0;
        while (merge.next()) {
          merged++;
          if (++read % RECORDS_PER_TURN === 0) await turn();
        }
        entries[section] = merged;
      }
      streams.finish();
    } finally {
      streams.close();
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
  const records = runs.flatMap(({ facts }) => facts.sections).reduce((sum, section) => sum + section.records, 0);
  return { records, entries };
}

function canariesOf(
  { parameters: { indexes, similar } }: Dataset,
  section: SectionName,
  suite: KeyedSuite | undefined,
): RecordStream[] {
  const index = INDEX_NAMES.find((name) => name === section);
  return suite && index && indexes.includes(index) ? canaryStreams(suite, index, similar) : [];
}
