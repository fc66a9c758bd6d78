// All families of generated files, and which of their formats are held out.

import { createHash } from 'node:crypto';
import type { Random } from '../random.ts';
import { languageBlocks, oddBlocks, toolBlocks } from './block-files.ts';
import type { Family } from './draft.ts';
import { crackedNames, hashedNames, hashLists, potfiles, pwdump, saltedPots } from './hash-files.ts';
import { bitwardenJson, jsonArrays, jsonLines, nestedJson } from './json-files.ts';
import { captured, combo, numbered, urlLists } from './line-files.ts';
import { otherFiles } from './other-files.ts';
import { countedPasswords, passwords } from './password-lists.ts';
import { mysql, postgres, sqlite } from './sql-files.ts';
import { breachTables, hashedTables, languageTables, toolTables } from './table-files.ts';

export const FAMILIES: readonly Family[] = [
  ...[combo, urlLists, numbered, captured],
  ...[toolBlocks, languageBlocks, oddBlocks],
  ...[toolTables, breachTables, languageTables, hashedTables],
  ...[jsonLines, jsonArrays, nestedJson, bitwardenJson],
  ...[mysql, sqlite, postgres],
  ...[hashLists, potfiles, saltedPots, crackedNames, pwdump, hashedNames],
  ...[passwords, countedPasswords, otherFiles],
];

/** A format: a dialect of a family with a separator. */
export interface Format {
  readonly family: Family;
  readonly dialect: string;
  readonly separator: string;
}

export const describeFormat = ({ family, dialect, separator }: Format): string =>
  `${family.name}/${dialect}/${JSON.stringify(separator).slice(1, -1)}`;

/**
 * One format in four is never used while ingest is built, so that the check with all of them
 * measures what it reads of formats that nobody has tried.
 */
export function isHeldOut(format: Format): boolean {
  const digest = createHash('sha256')
    .update(`held out: ${describeFormat(format)}`)
    .digest();
  return (digest[0] as number) % 4 === 0;
}

const WEIGHTED = FAMILIES.flatMap((family) => Array.from({ length: family.weight }, () => family));

/** @param isBuilt leaves out the formats that are held out */
export function pickFormat(random: Random, isBuilt: boolean): Format {
  for (;;) {
    const family = random.pick(WEIGHTED);
    const format = { family, dialect: random.pick(family.dialects), separator: random.pick(family.separators) };
    if (!isBuilt || !isHeldOut(format)) return format;
  }
}
