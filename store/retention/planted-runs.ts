// Planted accounts in runs that were made elsewhere, whose ingest did not look for them.

import { AccountRecords } from '../run/account-records.ts';
import type { Run } from '../run/run.ts';
import type { PlantedFound } from '../run/run-report.ts';
import type { NameList } from './name-list.ts';

export interface PlantedRun {
  readonly run: Run;
  /** Those that the run's own report does not name. */
  readonly found: readonly PlantedFound[];
}

/** Accounts of a list that came from another key have no entry to look up. */
export function findPlantedRuns(runs: readonly Run[], names: NameList | undefined): PlantedRun[] {
  const planted = names?.of('planted') ?? [];
  if (planted.length === 0) return [];
  return runs.map((run) => ({ run, found: lookUp(run, planted) })).filter(({ found }) => found.length > 0);
}

function lookUp(run: Run, planted: ReturnType<NameList['of']>): PlantedFound[] {
  const section = run.facts.sections.find(({ index }) => index === 'account');
  if (!section) return [];
  const told = new Set(run.facts.report?.planted?.map(({ id }) => id));
  const found = new Map<string, PlantedFound>();
  const records = new AccountRecords(run, section.records);
  try {
    for (const { id = '', entry, pairEntry } of planted) {
      const seen = entry && !told.has(id) ? records.timesOf(entry) : 0;
      if (seen === 0) continue;
      const { names, pairs } = found.get(id) ?? { names: 0, pairs: 0 };
      found.set(id, { id, names: names + seen, pairs: pairs + (pairEntry ? records.timesOf(pairEntry) : 0) });
    }
  } finally {
    records.close();
  }
  return [...found.values()];
}
