// Describes what an ingest read each text of a corpus as, and why.

import type { ReportedText, RunReport } from '../store/run/run-report.ts';
import { printable } from './printable.ts';
import { formatCount, formatCounted } from './units.ts';

/** Texts described one by one on a terminal; `--json` and `sources --show` have all. */
const MAX_TEXTS = 20;

const percent = (share: number): string => `${Math.round(share * 1000) / 10}%`;

/** The lines of a report. A text needs its name only beside others. */
export function describeTexts({ texts, otherTexts }: Omit<RunReport, 'leftOut'>, limit = MAX_TEXTS): string[] {
  const shown = texts.slice(0, limit);
  const others = texts.length - shown.length + otherTexts;
  return [
    ...shown.flatMap((text) => describeText(text, texts.length + otherTexts > 1)),
    ...(others > 0 ? [`and ${formatCounted(others, 'other text')}`] : []),
  ].map(printable);
}

function describeText(text: ReportedText, isNamed: boolean): string[] {
  const { name, format, options, reasons, columns, credentials, alarms } = text;
  const stated = Object.entries(options).map(([option, value]) => ` ${option}=${JSON.stringify(value)}`);
  const rejected = text.rejects.reduce((sum, { lines }) => sum + lines, 0);
  return [
    `${isNamed ? `${name}: ` : ''}format ${format}${stated.join('')} (${reasons.join('; ')}): ${formatCounted(credentials, 'credential')}, ${formatCount(rejected)} rejected`,
    ...(columns ? [`  columns ${columns.used.join(', ')}; not read: ${columns.unused.join(', ') || 'none'}`] : []),
    ...text.rejects
      .filter(({ examples }) => examples.length > 0)
      .map(({ reason, lines, examples }) => `  ${formatCount(lines)} ${reason}, such as ${examples.join('   ')}`),
    ...alarms.map(({ name: alarm, share }) => `  alarm ${alarm}: ${percent(share)}`),
  ];
}
