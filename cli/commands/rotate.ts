// credveil rotate: guides a key rotation. Each run prints the current state and the next step.

import fs from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { archivePath, createDataset, type Dataset, openDataset } from '../../store/dataset.ts';
import { createDatasetKey } from '../../store/dataset-key.ts';
import { StoreError } from '../../store/errors.ts';
import { assertOutside, writeKeyFile } from '../../store/key-file.ts';
import { openRuns } from '../../store/run/run.ts';
import type { RunFacts } from '../../store/run/run-facts.ts';
import { openCurrent } from '../../store/snapshot/current.ts';
import { openKeyFile } from '../key-files.ts';
import { openNewPublisher } from '../key-place.ts';
import { keyFileFor } from '../open.ts';
import { printResult } from '../output.ts';
import { printable } from '../printable.ts';
import { describePublicPart, type PublicPart, publicPart } from './key.ts';

interface MissingSource extends Pick<RunFacts, 'source' | 'date' | 'format' | 'files'> {
  /** Path of its archive, if there is one. */
  readonly archive?: string;
}

interface RotationState {
  readonly created: boolean;
  readonly newKey: PublicPart;
  readonly newKeyFile: string;
  /** Sources of the old dataset that the new one lacks. */
  readonly missing: readonly MissingSource[];
  readonly published: boolean;
}

/** Creates a dataset with the parameters of `old` and a new key. */
function createSuccessor(old: Dataset, folder: string, keyFile: string): Dataset {
  assertOutside(keyFile, folder);
  // All parameters except those that belong to the key.
  const { keyId: _, suite, normalization: __, auth, publisher: ___, ...options } = old.parameters;
  if (fs.existsSync(keyFile) && openKeyFile(keyFile).keyId === old.parameters.keyId)
    throw new StoreError('KEY_FILE_EXISTS', 'the new key file contains the old key', 'Pass another --key-file.');
  const key = fs.existsSync(keyFile) ? openKeyFile(keyFile) : createDatasetKey(suite);
  const signing = auth === 'signature' ? openNewPublisher(folder) : undefined;
  if (!fs.existsSync(keyFile)) writeKeyFile(keyFile, key);
  if (signing?.created) writeKeyFile(signing.file, signing.key);
  const publisher = signing && { publisher: Buffer.from(signing.key.publicKey).toString('hex') };
  return createDataset(folder, key, { ...options, ...publisher });
}

function rotate(oldFolder: string, newFolder: string, named?: string): RotationState {
  const old = openDataset(oldFolder);
  const newKeyFile = keyFileFor(newFolder, named);
  const created = !fs.existsSync(path.join(newFolder, 'dataset.json'));
  const successor = created ? createSuccessor(old, newFolder, newKeyFile) : openDataset(newFolder);
  const there = new Set(openRuns(successor).map(({ facts }) => facts.source));
  const missing = openRuns(old)
    .filter(({ facts }) => !there.has(facts.source))
    .map(({ facts: { source, date, format, files } }): MissingSource => {
      const archive = archivePath(old, source);
      return { source, ...(date && { date }), format, files, ...(fs.existsSync(archive) && { archive }) };
    });
  const newKey = publicPart(openKeyFile(newKeyFile));
  return { created, newKey, newKeyFile, missing, published: openCurrent(successor) !== undefined };
}

/**
 * Attackers choose the names of corpora: a pasted name must not run a command or move the cursor.
 */
function quote(name: string): string {
  const shown = printable(name);
  return /^[\w.,+@%/-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`;
}

function describe(oldFolder: string, newFolder: string, state: RotationState): string {
  const text = [`${newFolder}: ${state.created ? 'created' : 'exists'}, ${describePublicPart(state.newKey)}`];
  if (state.missing.length > 0) {
    text.push('', 'Entries cannot be converted to another key, so ingest each archive or corpus again:');
    for (const { source, date, format, files, archive } of state.missing) {
      if (archive !== undefined) {
        text.push(`  credveil ingest ${newFolder} --from-archive ${quote(archive)} --identity … --no-publish`);
        continue;
      }
      const names = files.map(({ name }) => quote(name)).join(' ');
      const columns = format === 'csv' ? ' --columns …' : '';
      text.push(
        `  credveil ingest ${newFolder} ${names} --source ${source}${date ? ` --date ${date}` : ''} --format ${quote(format)}${columns} --no-publish`,
      );
    }
    text.push(`Then run credveil publish ${newFolder}, and this command again.`);
  } else if (!state.published)
    text.push('', `All sources are ingested. Run credveil publish ${newFolder}, and this command again.`);
  else
    text.push(
      '',
      'The new dataset is complete. Next steps:',
      `  1. serve both datasets: credveil serve ${newFolder} --also ${oldFolder}`,
      '  2. give clients the new key and the URL of the new dataset; the old ones keep working meanwhile',
      '  3. once no client uses the old dataset, stop serving it and delete it with its key',
    );
  return text.join('\n');
}

export function addRotate(program: Command): void {
  program
    .command('rotate')
    .description('rotate a dataset to a new key, step by step: create its successor and show what is left to do')
    .argument('<old>', 'folder of the dataset')
    .argument('<new>', 'folder of its successor')
    .option('--key-file <file>', 'key of the successor (default: <new>.key)')
    .option('--json', 'print the state as JSON')
    .action((oldFolder: string, newFolder: string, options: { keyFile?: string; json?: boolean }) => {
      printResult(options, rotate(oldFolder, newFolder, options.keyFile), (state) =>
        describe(oldFolder, newFolder, state),
      );
    });
}
