// A benchmark's figures and their printed form.

import { formatTable } from '../../cli/output.ts';

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly note?: string;
}

/** Three significant digits or all of the integer part, whichever is longer. */
function formatValue(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toPrecision(3);
}

export function formatFigures(figures: readonly Figure[]): string {
  return formatTable(
    ['FIGURE', 'VALUE', 'UNIT', ''],
    figures.map(({ name, value, unit, note }) => [name, formatValue(value), unit, note ?? '']),
  );
}
