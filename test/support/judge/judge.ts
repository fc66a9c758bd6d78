// Ingests generated files through the command, and compares what each became with its truth.

import fs from 'node:fs';
import path from 'node:path';
import type { KeyedSuite } from '../../../protocol/suite.ts';
import type { GeneratedFile } from '../generated/generate.ts';
import { runCommand } from './command.ts';
import { expectedRecords, readRun } from './records.ts';

export type Outcome =
  /** All credentials, and nothing else. */
  | 'right'
  /** No credential could be read, or no reader could know how: and the command refused. */
  | 'rightly refused'
  /** Nothing wrong, but some were rejected with a reason. */
  | 'short'
  /** It could have been read. */
  | 'refused'
  /** Accepted with more than one in a thousand credentials wrong or missing. */
  | 'misread'
  /** The command failed with an error that is no refusal. */
  | 'crashed';

export interface Judgement {
  readonly file: GeneratedFile;
  readonly outcome: Outcome;
  /** The format that ingest took it for, or the refusal. */
  readonly taken: string;
  readonly missing: number;
  readonly wrong: number;
  readonly rejects: number;
  /** A refusal named an option that would read the file. */
  readonly isHelped?: boolean;
  /** The source in the dataset, if the file was accepted. */
  readonly source?: string;
}

/** The largest share of wrong or missing credentials in a file that was read right. */
const TOLERATED = 0.001;

/** Enough for generated files; a gigabyte takes longer to allocate than they take to read. */
const MEMORY = '256MiB';

/** Writes a file below a folder. @returns the path for the command line */
export function writeGenerated(home: string, { tree, isFolder }: GeneratedFile): string {
  for (const [name, bytes] of tree) {
    const file = path.join(home, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, bytes);
  }
  const [only = ''] = tree.keys();
  return isFolder ? home : path.join(home, only);
}

export interface JudgedDataset {
  readonly folder: string;
  readonly suite: KeyedSuite;
}

/** Ingests the file as a source of its own, without publishing. */
export async function judge({ folder, suite }: JudgedDataset, file: GeneratedFile, home: string): Promise<Judgement> {
  const target = writeGenerated(home, file);
  const source = `f${file.number}`;
  const none = { file, missing: 0, wrong: 0, rejects: 0 };
  try {
    const args = [
      'ingest',
      folder,
      target,
      '--source',
      source,
      '--no-publish',
      '--json',
      '--threads',
      '1',
      '--memory',
      MEMORY,
    ];
    const refusal = await runCommand([...args, ...file.options]);
    if (refusal) {
      const isRight = file.mayRefuse || file.truth.holds.size === 0;
      const taken = `${refusal.code}: ${refusal.message}`;
      return {
        ...none,
        outcome: isRight ? 'rightly refused' : 'refused',
        taken,
        isHelped: /--[a-z]/.test(refusal.hint),
      };
    }
    return { ...compare(suite, file, path.join(folder, 'runs', `${source}.run`)), source };
  } catch (error) {
    return { ...none, outcome: 'crashed', taken: String((error as Error).stack) };
  }
}

/** Compares a run with the truth, record by record. */
function compare(suite: KeyedSuite, file: GeneratedFile, run: string): Judgement {
  const { records, format, rejects: byReason } = readRun(run);
  const expected = expectedRecords(suite, file.truth.holds);
  const allowed = expectedRecords(suite, file.truth.mayHold).times;
  const rejects = Object.values(byReason).reduce((sum, count) => sum + count, 0);
  const isCounted = file.truth.holds.pairs.length === 0 && allowed.size === 0;
  const isMissing = (name: string): boolean =>
    !records.has(name) || (isCounted && records.get(name) !== expected.times.get(name));
  const missing = expected.items.filter((names) => names.some(isMissing)).length;
  const wrong = [...records.keys()].filter((name) => !expected.times.has(name) && !allowed.has(name)).length;
  const size = file.truth.holds.size;
  const few = size * TOLERATED;
  const isExplained = missing <= rejects - file.noiseLines;
  const outcome = wrong > few ? 'misread' : missing <= few ? 'right' : isExplained ? 'short' : 'misread';
  return { file, outcome, taken: format, missing, wrong, rejects };
}
