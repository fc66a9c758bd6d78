// Prints what became of generated files: a table by group, and each file that was not read right.

import { formatTable } from '../../../cli/output.ts';
import { printable } from '../../../cli/printable.ts';
import type { Judgement, Outcome } from './judge.ts';

const OUTCOMES: readonly Outcome[] = ['right', 'rightly refused', 'short', 'refused', 'misread', 'crashed'];

const countOf = (judgements: readonly Judgement[], outcome: Outcome): number =>
  judgements.filter((judgement) => judgement.outcome === outcome).length;

export function formatOutcomes(judgements: readonly Judgement[]): string {
  const groups = Map.groupBy(judgements, ({ file }) => file.group);
  const rows = [...groups].map(([group, some]): [string, Judgement[]] => [group, some]);
  rows.push(['held out', judgements.filter(({ file }) => file.isHeldOut)], ['all', [...judgements]]);
  return formatTable(
    ['format', 'files', ...OUTCOMES],
    rows.map(([group, some]) => [group, some.length, ...OUTCOMES.map((outcome) => countOf(some, outcome))]),
  );
}

/** The share of readable files that were refused in whole or in part. */
export function refusedShare(judgements: readonly Judgement[]): number {
  const readable = judgements.filter(({ file }) => !file.mayRefuse && file.truth.holds.size > 0);
  return (countOf(readable, 'refused') + countOf(readable, 'short')) / Math.max(1, readable.length);
}

/** How many refusals name the option that would read the file. */
export function describeRefusals(judgements: readonly Judgement[]): string {
  const refused = judgements.filter(({ outcome }) => outcome === 'refused');
  return `${refused.filter(({ isHelped }) => isHelped).length} of ${refused.length} refusals name an option`;
}

/** One line for a file. A held-out format is not named: it shall stay unknown to who builds. */
export function formatJudgement({ file, outcome, taken, missing, wrong, rejects }: Judgement, hides: boolean): string {
  const what = hides && file.isHeldOut ? '(held out)' : `${file.group}: ${file.combination}`;
  const counts = `${missing} missing, ${wrong} wrong, ${rejects} rejected of ${file.truth.holds.size}`;
  return printable(`${outcome} --only ${file.number}: ${what} → ${taken.slice(0, 200)} (${counts})`);
}
