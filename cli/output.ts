// Prints results to stdout: JSON for programs, text and tables for people.

import { printableJson, printableLines } from './printable.ts';
import { endBarLine } from './progress.ts';

export interface OutputOptions {
  readonly json?: boolean;
}

/** Prints `result` as one line of JSON, or as the text that `describe` returns. */
export function printResult<T>(options: OutputOptions, result: T, describe: (result: T) => string): void {
  if (options.json) printJson(result);
  else print(describe(result));
}

/** Prints JSON for programs, not wrapped. */
export function printJson(value: unknown, indent?: number): void {
  endBarLine();
  process.stdout.write(`${printableJson(value, indent)}\n`);
}

/** Prints lines to stdout, wrapped to a terminal. */
export const print = (text: string): void => writeLines(process.stdout, text);

/** Prints lines to stderr, wrapped to a terminal: what is no result. */
export const note = (text: string): void => writeLines(process.stderr, text);

function writeLines(stream: NodeJS.WriteStream, text: string): void {
  const { isTTY, columns } = stream;
  const lines = printableLines(text);
  endBarLine();
  stream.write(`${isTTY && columns > 0 ? wrapWords(lines, columns) : lines}\n`);
}

/** Breaks lines at spaces, and indents what follows. A longer word, such as a path, stays whole. */
export function wrapWords(text: string, columns: number): string {
  return text
    .split('\n')
    .flatMap((line) => wrapLine(line, columns))
    .join('\n');
}

function wrapLine(line: string, columns: number): string[] {
  if (line.length <= columns) return [line];
  const indent = /^ */.exec(line)?.[0] ?? '';
  const wrapped: string[] = [];
  let current = indent;
  for (const word of line.slice(indent.length).split(' ')) {
    const isFirst = current.trim() === '';
    if (!isFirst && current.length + 1 + word.length > columns) {
      wrapped.push(current);
      current = `${indent}  ${word}`;
    } else current += isFirst ? word : ` ${word}`;
  }
  return [...wrapped, current];
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
