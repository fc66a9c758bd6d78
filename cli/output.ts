// Results go to stdout: JSON where a program reads them, a table where a person does.

export interface OutputOptions {
  readonly json?: boolean;
}

/** Prints `result` as one line of JSON, or what `describe` makes of it. */
export function printResult<T>(options: OutputOptions, result: T, describe: (result: T) => string): void {
  process.stdout.write(`${options.json ? JSON.stringify(result) : describe(result)}\n`);
}

/** Columns padded to their widest cell; numbers to the right. */
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
