// credveil gateway replay: recorded requests under another configuration.

import { readConfig } from '../../gateway/config/read.ts';
import type { Decision } from '../../gateway/record/decision-schema.ts';
import { readRecord } from '../../gateway/record/read-record.ts';
import { type Change, changeOf, type Replayed, type ReplayedEnd, replay } from '../../gateway/replay.ts';
import { UsageError } from '../exit.ts';
import { formatTable, printResult } from '../output.ts';
import { describeEnd, type RecordFlags, stateOf } from './explain-event.ts';
import { listsOf, withSetup } from './offline-setup.ts';

export interface ReplayFlags extends RecordFlags {
  readonly last: string;
  readonly examples: string;
}

interface Example {
  readonly change: Change;
  readonly request: string;
  readonly at: string;
  readonly app: string;
  readonly method: string;
  readonly path: string;
  readonly was: string;
  readonly becomes: string;
}

interface Comparison {
  readonly since: string;
  readonly decisions: number;
  /** Requests that there was no room to record. */
  readonly skipped: number;
  readonly changes: { readonly [kind in Change]: number };
  readonly examples: readonly Example[];
}

const WORDS: { readonly [kind in Change]: string } = {
  same: 'decided as before',
  blocked: 'blocked, and were not',
  passed: 'no longer blocked',
  otherwise: 'answered otherwise',
  rules: 'other rules log or change them',
  untold: 'cannot tell',
};
const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export async function replayRecord(flags: ReplayFlags): Promise<void> {
  const since = Date.now() - durationOf(flags.last);
  const most = countOf(flags.examples);
  const config = readConfig(flags.config);
  const state = stateOf(config, flags);
  const lists = listsOf(config);
  await lists.load();
  const changes = { same: 0, blocked: 0, passed: 0, otherwise: 0, rules: 0, untold: 0 };
  const examples: Example[] = [];
  let skipped = 0;
  await withSetup(config, { lists, onEvent: () => undefined }, async (setup) => {
    for await (const decision of readRecord(state, since)) {
      const replayed = replay(decision, setup);
      const change = changeOf(decision, replayed);
      changes[change]++;
      skipped += decision.skipped;
      if (change !== 'same' && changes[change] <= most) examples.push(exampleOf(change, decision, replayed));
    }
  });
  const kinds = Object.keys(changes);
  examples.sort((a, b) => kinds.indexOf(a.change) - kinds.indexOf(b.change));
  const decisions = Object.values(changes).reduce((sum, count) => sum + count, 0);
  printResult(flags, { since: new Date(since).toISOString(), decisions, skipped, changes, examples }, describe);
}

function exampleOf(change: Change, decision: Decision, replayed: Replayed): Example {
  const { id, at, app, fields, readings } = decision;
  return {
    change,
    request: id,
    at: new Date(at).toISOString(),
    app,
    method: String(fields['http.request.method'] ?? ''),
    path: readings[0] ?? '',
    was: `${describeEnd(decision.end)}${matched(decision)}`,
    becomes: `${describeReplayed(replayed.end)}${matched(replayed)}${untoldOf(replayed)}`,
  };
}

const matched = ({ matches }: Pick<Replayed, 'matches'>): string => {
  const names = matches.filter(({ action }) => action !== 'block').map(({ rule }) => rule);
  return names.length === 0 ? '' : ` (${names.join(', ')})`;
};

const untoldOf = ({ untold }: Replayed): string =>
  untold.map(({ rule, fields }) => `; ${rule}: ${fields.join(', ')} not recorded`).join('');

function describeReplayed(end: ReplayedEnd): string {
  if ('passed' in end) return 'no rule blocks it';
  if ('redirected' in end) return 'redirected to the path that reads in one way';
  if ('untold' in end)
    return `cannot tell${end.rule === undefined ? '' : ` if ${end.rule} applies`}: ${end.untold.join(', ')}`;
  return describeEnd(end);
}

function describe({ since, decisions, skipped, changes, examples }: Comparison): string {
  const kinds = (Object.keys(WORDS) as Change[]).filter((kind) => kind === 'same' || changes[kind] > 0);
  const left = skipped === 0 ? [] : [`${skipped} more were not recorded, since they were too many a second.`];
  const shown = examples.flatMap(({ change, request, method, path, was, becomes }) => [
    '',
    `${WORDS[change]}: ${method} ${path}`,
    `  request  ${request}`,
    `  was      ${was}`,
    `  becomes  ${becomes}`,
  ]);
  return [
    `recorded requests since ${since}`,
    formatTable(['REQUESTS', ''], [...kinds.map((kind) => [changes[kind], WORDS[kind]]), [decisions, 'in all']]),
    ...left,
    ...shown,
  ].join('\n');
}

function durationOf(text: string): number {
  const [, number, unit] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  if (number === undefined) throw new UsageError('--last is no time', 'Pass minutes, hours or days: --last 24h.');
  return Number(number) * UNITS[unit as keyof typeof UNITS];
}

function countOf(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new UsageError('--examples is no count', 'Pass a number: --examples 20.');
  return Number(text);
}
