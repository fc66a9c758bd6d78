// Refuses a corpus with alarms that its operator did not accept.

import { IngestError } from '../errors.ts';
import { type AlarmName, describeAlarm } from './alarms.ts';
import type { FoundAlarm, ReportBuilder } from './report.ts';

const MAX_NAMED = 10;

/** Those that refuse a corpus. */
export const unacceptedAlarms = (report: ReportBuilder, accept: readonly AlarmName[]): FoundAlarm[] =>
  report.alarms().filter(({ name }) => !accept.includes(name));

/** @throws IngestError `CORPUS_SUSPECT` */
export function assertAlarmsAccepted(report: ReportBuilder, accept: readonly AlarmName[]): void {
  const alarms = unacceptedAlarms(report, accept);
  if (alarms.length === 0) return;
  const named = alarms.slice(0, MAX_NAMED).map(describeAlarm);
  if (alarms.length > named.length) named.push(`${alarms.length - named.length} more`);
  const flags = [...new Set(alarms.map(({ name }) => `--accept ${name}`))].join(' ');
  throw new IngestError(
    'CORPUS_SUSPECT',
    `the corpus looks misread: ${named.join('; ')}`,
    `Look at it with --dry-run, and name its format or leave the file out. If it is right so, pass ${flags}.`,
  );
}
