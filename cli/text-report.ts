// Describes what an ingest read each text of a corpus as, and why.

import { WITHHELD_REASONS } from '../ingest/rejects.ts';
import type { ReportedText, RunReport } from '../store/run/run-report.ts';
import { groupByName, type NameGroup } from './name-groups.ts';
import { printable } from './printable.ts';
import { formatCount, formatCounted } from './units.ts';

/** Groups of texts described on a terminal; `--json` and `sources --show` have all texts. */
const MAX_GROUPS = 20;
/** Rejected lines shown of a reason. */
const MAX_EXAMPLES = 3;

type Texts = Omit<RunReport, 'leftOut'>;

const percent = (share: number): string => `${Math.round(share * 1000) / 10}%`;

/** The lines of a report: texts that were read alike are one group, and the odd ones come first. */
export function describeTexts({ texts, otherTexts }: Texts): string[] {
  const groups = groupByName(texts, ({ name }) => name, kindOf).sort(byOddity);
  const shown = groups.slice(0, MAX_GROUPS);
  const others = groups.slice(MAX_GROUPS).reduce((sum, { items }) => sum + items.length, otherTexts);
  const isNamed = texts.length + otherTexts > 1;
  return [
    ...shown.flatMap((group) => describeGroup(group, isNamed)),
    ...(others > 0 ? [`and ${formatCounted(others, 'other text')}`] : []),
  ].map(printable);
}

/** The lines of a whole report, text by text. */
export function describeEachText({ texts, otherTexts }: Texts): string[] {
  const isNamed = texts.length + otherTexts > 1;
  return [
    ...texts.flatMap((text) => describeGroup({ name: text.name, items: [text] }, isNamed)),
    ...(otherTexts > 0 ? [`and ${formatCounted(otherTexts, 'other text')}`] : []),
  ].map(printable);
}

/** Reasons that differ in their numbers only are one kind. */
const kindOf = ({ format, options, reasons, columns, rejects, alarms }: ReportedText): string =>
  JSON.stringify([
    format,
    options,
    reasons.map((reason) => reason.replace(/\d[\d.,]*/g, '0')),
    columns,
    rejects.map(({ reason }) => reason).sort(),
    alarms.map(({ name }) => name),
  ]);

const rejectedOf = ({ rejects }: ReportedText): number =>
  rejects.reduce((sum, { reason, lines }) => sum + (WITHHELD_REASONS.includes(reason) ? 0 : lines), 0);
const sumOf = (items: readonly ReportedText[], of: (text: ReportedText) => number): number =>
  items.reduce((sum, item) => sum + of(item), 0);
const hasAlarms = ({ items }: NameGroup<ReportedText>): boolean => items.some(({ alarms }) => alarms.length > 0);

function rejectedShare({ items }: NameGroup<ReportedText>): number {
  const rejected = sumOf(items, rejectedOf);
  return rejected / Math.max(1, rejected + sumOf(items, ({ credentials }) => credentials));
}

/** Alarms, then the greatest shares of rejects, then what is rare. */
const byOddity = (a: NameGroup<ReportedText>, b: NameGroup<ReportedText>): number =>
  Number(hasAlarms(b)) - Number(hasAlarms(a)) || rejectedShare(b) - rejectedShare(a) || a.items.length - b.items.length;

function describeGroup({ name, items }: NameGroup<ReportedText>, isNamed: boolean): string[] {
  const { format, options, reasons, columns, alarms, rejects } = items[0] as ReportedText;
  const stated = Object.entries(options).map(([option, value]) => ` ${option}=${JSON.stringify(value)}`);
  const label = items.length > 1 ? `${formatCounted(items.length, 'text')} ${name}: ` : isNamed ? `${name}: ` : '';
  const credentials = sumOf(items, (text) => text.credentials);
  const which = items.length > 1 ? `${reasons.join('; ')} in the first` : reasons.join('; ');
  return [
    `${label}format ${format}${stated.join('')} (${which}): ${formatCounted(credentials, 'credential')}, ${formatCount(sumOf(items, rejectedOf))} rejected`,
    ...(columns ? [`  columns ${columns.used.join(', ')}; not read: ${columns.unused.join(', ') || 'none'}`] : []),
    ...rejects.flatMap(({ reason }) => describeReject(reason, items)),
    ...alarms.map(({ name: alarm }) => `  alarm ${alarm}: ${describeShares(alarm, items)}`),
  ];
}

function describeReject(reason: string, items: readonly ReportedText[]): string[] {
  const found = items.flatMap(({ rejects }) => rejects.filter((reject) => reject.reason === reason));
  const examples = [...new Set(found.flatMap((reject) => reject.examples))].slice(0, MAX_EXAMPLES);
  if (examples.length === 0) return [];
  const lines = found.reduce((sum, reject) => sum + reject.lines, 0);
  return [`  ${formatCount(lines)} ${reason}, such as ${examples.join('   ')}`];
}

function describeShares(alarm: string, items: readonly ReportedText[]): string {
  const shares = items.flatMap(({ alarms }) => alarms.filter(({ name }) => name === alarm).map(({ share }) => share));
  const [least, most] = [Math.min(...shares), Math.max(...shares)];
  return least === most ? percent(most) : `${percent(least)} to ${percent(most)}`;
}
