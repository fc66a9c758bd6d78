// Prints results to stdout: JSON for programs, text and tables for people.

import { printableJson, printableLines } from './printable.ts';

export interface OutputOptions {
  readonly json?: boolean;
}

/** Prints `result` as one line of JSON, or as the text that `describe` returns. */
export function printResult<T>(options: OutputOptions, result: T, describe: (result: T) => string): void {
  print(options.json ? printableJson(result) : describe(result));
}

/** Prints lines to stdout. */
export function print(text: string): void {
  process.stdout.write(`${printableLines(text)}\n`);
}

/** Prints lines to stderr: what is no result. */
export function note(text: string): void {
  process.stderr.write(`${printableLines(text)}\n`);
}

/** Pads columns to their widest cell and right-aligns numbers. */
export function formatTable(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [header, ...rows].map((row) => row.map(String));
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const numeric = header.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'));
  return cells
    .map((row) =>
      row
        .map((cell, column) =>
          numeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
