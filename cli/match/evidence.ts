// What a match tells of sources that look like copies of the user table itself.

import { MAX_FACTOR } from '../../match/evidence/likelihood.ts';
import { MIN_HITS, type SourceEvidence } from '../../match/evidence/weigh-sources.ts';
import { printable } from '../printable.ts';
import { formatCount } from '../units.ts';

const percent = (share: number): string => `${Math.round(share * 100)}%`;

/** Two digits, since the models are not exact. */
function formatFactor(factor: number): string {
  if (factor >= MAX_FACTOR) return `more than ${formatCount(MAX_FACTOR)}`;
  return formatCount(Number(factor.toPrecision(2)));
}

/** Nothing of sources without weight: they are in --json. */
export function describeEvidence(evidence: readonly SourceEvidence[]): string[] {
  const told = evidence.filter(({ weight }) => weight === 'strong' || weight === 'some');
  if (told.length === 0) return describeAlone(evidence.filter(({ accounts }) => accounts > 0));
  return [...told.flatMap(describeSource), '  This is evidence and no proof: docs/match.md has the method.'];
}

/** Nothing shows what is usual beside one source: that no weight is told is no all-clear. */
function describeAlone([only, ...others]: readonly SourceEvidence[]): string[] {
  if (!only || others.length > 0 || only.hits < MIN_HITS || only.hits <= only.accounts * only.usualShare) return [];
  const { source, hits, accounts } = only;
  return [
    `OWN BREACH? cannot be told from one source alone: ${printable(source)} fits ${formatCount(hits)} of the ${formatCount(accounts)} accounts that it was tried on (${percent(hits / accounts)}).`,
    '  Match it beside other leaks, or name the dates of password changes with changed= in --columns.',
  ];
}

function describeSource({ source, weight, hits, accounts, usualShare, factor, copied }: SourceEvidence): string[] {
  return [
    `OWN BREACH? ${weight} evidence: ${printable(source)} fits ${formatCount(hits)} of the ${formatCount(accounts)} accounts that it was tried on (${percent(hits / accounts)}); by reuse alone, about ${percent(usualShare)} are usual`,
    `  That is ${formatFactor(factor)} times likelier if it is a copy of this user table.`,
    ...(copied ? [describeCopied(copied)] : []),
  ];
}

function describeCopied({ likeliest, from, to }: NonNullable<SourceEvidence['copied']>): string {
  const until = to === null ? `${from} or later` : from === to ? from : `${from} to ${to}`;
  return `  Passwords changed after ${likeliest} do not fit: the copy is from about then (95%: ${until}).`;
}
