// Refuses results that would replace each other, or a file that the command reads or keeps.

import fs from 'node:fs';
import path from 'node:path';
import { UsageError } from '../exit.ts';
import { assertNotPart } from '../open.ts';
import { asideOf, type ResultFiles } from './result-files.ts';

/** A file or folder, and the option that names it. */
export interface NamedFile {
  readonly option: string;
  readonly file: string;
}

/** Of a command with results: what it writes, and what it remembers. */
export function resultFilesOf({ out, unchecked, state }: ResultFiles & { readonly state?: string }): NamedFile[] {
  const named = { '--out': out, '--unchecked': unchecked, '--state': state };
  return Object.entries(named).flatMap(([option, file]) => (file === undefined ? [] : [{ option, file }]));
}

/**
 * @param others may be the same as one another
 * @throws UsageError if one of `files` is another one, in any spelling, is in it, or in a dataset
 */
export function assertDistinctFiles(files: readonly NamedFile[], others: readonly NamedFile[] = []): void {
  for (const { option, file } of files) assertNotPart(option, file);
  for (const [at, one] of files.entries())
    for (const other of [...files.slice(at + 1), ...others])
      if (isClash(one.file, other.file) || isClash(other.file, one.file))
        throw new UsageError(
          `${one.option} and ${other.option} name the same file`,
          'Name another file for one of the two.',
        );
}

/** A file is also the one aside that it is written to first. */
function isClash(file: string, other: string): boolean {
  const taken = identityOf(other);
  return [file, asideOf(file), path.dirname(path.resolve(file))].some((name) => identityOf(name) === taken);
}

/** The same for all spellings, symbolic links and hard links of a file, which need not exist. */
function identityOf(file: string, links = 0): string {
  try {
    const { dev, ino } = fs.statSync(file, { bigint: true });
    return `${dev} ${ino}`;
  } catch {
    const whole = path.resolve(file);
    const folder = path.dirname(whole);
    if (folder === whole) return whole;
    const target = readLink(whole);
    if (target !== undefined && links < MAX_LINKS) return identityOf(path.resolve(folder, target), links + 1);
    return `${identityOf(folder, links)}/${path.basename(whole)}`;
  }
}

const MAX_LINKS = 40;

function readLink(file: string): string | undefined {
  try {
    return fs.readlinkSync(file);
  } catch {
    return undefined;
  }
}
