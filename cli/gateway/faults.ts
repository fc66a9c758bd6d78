// The mistakes of a configuration as lines that editors and people follow: FILE:LINE:COLUMN.

import type { ConfigFault } from '../../gateway/config/fault.ts';
import { printable } from '../printable.ts';

export const describeFaults = (file: string, faults: readonly ConfigFault[]): string =>
  faults.map((fault) => describeFault(file, fault)).join('\n');

function describeFault(file: string, { line, column, key, message, hint, excerpt }: ConfigFault): string {
  const subject = key === '' ? '' : `${printable(key)} `;
  const next = hint === undefined ? '' : `\n  ${printable(hint)}`;
  const shown = (excerpt ?? '').split('\n').map((text) => (text === '' ? '' : `\n    ${printable(text)}`));
  return `${printable(file)}:${line}:${column}: ${subject}${printable(message)}${shown.join('')}${next}`;
}
