// The alarm of canary accounts: a corpus holds an account of one's own user table.

import type { NewEvent } from '../../notify/events.ts';
import type { Run } from '../../store/run/run.ts';
import type { RunFacts } from '../../store/run/run-facts.ts';
import type { PlantedFound } from '../../store/run/run-report.ts';
import { note } from '../output.ts';
import { formatCounted } from '../units.ts';

export interface Sighting extends PlantedFound {
  readonly source: string;
}

export const plantedIn = ({ report }: Pick<RunFacts, 'report'>): readonly PlantedFound[] => report?.planted ?? [];

/** Which canary accounts were seen in which sources. */
export const sightingsIn = (runs: readonly Run[]): Sighting[] =>
  runs.flatMap(({ facts }) => plantedIn(facts).map((found) => ({ ...found, source: facts.source })));

export const describeSightings = (seen: readonly Sighting[]): string =>
  seen.map(({ source, pairs }) => `${source} (${pairs > 0 ? 'with its password' : 'name alone'})`).join(', ');

/**
 * On standard error, also if the corpus is refused afterwards.
 * @param where such as `source forum`
 */
export function noteAlarm(where: string, found: readonly PlantedFound[]): void {
  const pairs = found.filter((canary) => canary.pairs > 0).length;
  const ids = found.slice(0, MAX_IDS).map(({ id }) => id);
  note(
    [
      `ALARM: ${where} holds ${formatCounted(found.length, 'canary account')} of your own user table, ${pairs} with the password`,
      `  ${ids.join(', ')}${found.length > MAX_IDS ? ', …' : ''}`,
      '  Your user table was copied after they were planted. Treat it as your own breach: find the copy, and reset passwords.',
    ].join('\n'),
  );
}

const MAX_IDS = 20;

export const canaryEvents = (
  { source, date }: Pick<RunFacts, 'source' | 'date'>,
  found: readonly PlantedFound[],
): NewEvent[] =>
  found.map(({ id, pairs }) => ({
    event: {
      ...{ type: 'canary.found', canary: id, source, leakedAt: date ?? null },
      finding: pairs > 0 ? 'pair' : 'name',
    },
  }));
