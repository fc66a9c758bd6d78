// credveil export: writes a range index in Have I Been Pwned's format, the password filter, or a
// source's metadata.

import fs from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Command, Option } from 'commander';
import { RANGE_NAMES, type RangeName } from '../../protocol/bucket-id.ts';
import { openDataset } from '../../store/dataset.ts';
import { isMissing, publishFile } from '../../store/files.ts';
import { openSnapshot, rangeFiles } from '../../store/snapshot/snapshot.ts';
import { UsageError } from '../exit.ts';
import { assertOneLayer, createHashList, createRangeFolder, type ExportTarget } from '../export-target.ts';
import { onInterrupt } from '../interrupt.ts';
import { assertNotPart } from '../open.ts';
import { printJson, printResult } from '../output.ts';
import { ProgressBar, type ProgressState } from '../progress.ts';
import { formatBytes, formatCounted, formatSeconds } from '../units.ts';
import { findSource } from './sources.ts';

interface ExportOptions {
  index?: string;
  to?: string;
  list?: boolean;
  filter?: string;
  as?: string;
  source?: string;
  json?: boolean;
}

/** Files written between two checks of the abort signal. */
const FILES_PER_TURN = 256;
/** The other format of the filter. */
const BLOOM = 'bloom-filters';

async function exportRanges(folder: string, index: RangeName, target: string, list: boolean) {
  if (exists(target)) throw new UsageError(`${target} already exists`, 'Name a path that does not exist yet.');
  const snapshot = await openSnapshot(openDataset(folder));
  const interrupt = onInterrupt();
  const bar = new ProgressBar();
  let written: ExportTarget | undefined;
  try {
    const facts = snapshot.facts.ranges?.[index];
    if (!facts)
      throw new UsageError(
        `the snapshot has no ${index} index`,
        `Create a dataset with --index ${index}, ingest and publish.`,
      );
    let files = 0;
    const state = (): ProgressState => ({
      label: `export ${index}`,
      done: files,
      total: facts.ranges,
      figures: [formatCounted(files, 'range'), bar.rate(files, 'ranges')],
    });
    written = list ? createHashList(target) : createRangeFolder(target);
    for (const { name, content } of rangeFiles(snapshot, index)) {
      written.write(name, content);
      if (++files % FILES_PER_TURN !== 0) continue;
      bar.update(state);
      await new Promise(setImmediate);
      interrupt.signal.throwIfAborted();
    }
    written.commit();
    bar.finish(state());
    const { entries } = facts;
    return {
      index,
      snapshot: snapshot.facts.snapshot,
      [list ? 'file' : 'folder']: target,
      ranges: files,
      gaps: facts.gaps ?? 0,
      entries,
      seconds: bar.elapsedSeconds,
    };
  } catch (error) {
    bar.abandon();
    throw error;
  } finally {
    written?.dispose();
    snapshot.close();
    interrupt.dispose();
  }
}

/** Copies the current filter. A concurrent reader sees the old file or the new one. */
async function exportFilter(folder: string, target: string) {
  const dataset = openDataset(folder);
  const snapshot = await openSnapshot(dataset);
  const part = `${path.resolve(target)}.part`;
  try {
    const { facts, layers } = snapshot;
    assertOneLayer(snapshot, folder);
    const [{ filter }] = layers;
    if (!filter || !facts.filter)
      throw new UsageError(
        'the snapshot has no password filter',
        'Publish a dataset that has the password index and a filter.',
      );
    fs.rmSync(part, { force: true });
    await pipeline(filter.read(0, filter.bytes), fs.createWriteStream(part, { flags: 'wx' }));
    publishFile(part, path.resolve(target));
    return { snapshot: facts.snapshot, file: target, entries: facts.filter.entries, bytes: filter.bytes };
  } finally {
    fs.rmSync(part, { force: true });
    snapshot.close();
  }
}

async function printBloomFilter(folder: string, target: string, json: boolean): Promise<void> {
  const { exportBloomFilter } = await import('../export-bloom.ts');
  printResult({ json }, await exportBloomFilter(folder, target), ({ snapshot, file, entries, bytes, sha256 }) =>
    [
      `password filter of snapshot ${snapshot} (${formatCounted(entries, 'entry')}, ${formatBytes(bytes)}) written to ${file}`,
      `SHA-256, for readers to pin: ${sha256}`,
      'Only createBloomFilterSource of @credveil/client/bloom-filters can ask it: for the package itself, no password is in it.',
    ].join('\n'),
  );
}

function exists(file: string): boolean {
  try {
    fs.lstatSync(file);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

export function addExport(program: Command): void {
  program
    .command('export')
    .description("export a hash index in Have I Been Pwned's format, the password filter, or a source's metadata")
    .argument('<dataset>', 'folder of the dataset')
    .option('--index <index>', `index to export: ${RANGE_NAMES.join(' or ')}`)
    .option('--to <folder>', 'folder to create, with one file per range that has entries')
    .option('--list', 'create a single file of HASH:COUNT lines at --to instead of a folder')
    .option(
      '--filter <file>',
      'copy the password filter to this file, for clients that load it from disk; replaces the file at once',
    )
    .addOption(
      new Option(
        '--as <format>',
        'JSON of the npm package of that name; only createBloomFilterSource of the SDK can ask it: the elements are keyed',
      ).choices([BLOOM]),
    )
    .option('--source <name>', 'print the metadata of this source')
    .option('--json', 'print the result as JSON')
    .action(async (folder: string, options: ExportOptions) => {
      const { index: named, to, list = false, filter, source, json = false } = options;
      if (source !== undefined) {
        if (named !== undefined || to !== undefined || list || filter !== undefined || options.as !== undefined)
          throw new UsageError(
            '--source cannot be combined with other exports',
            'Remove --index, --to, --list, --filter and --as.',
          );
        const { facts, bytes, sha256 } = findSource(openDataset(folder), source);
        printJson({ ...facts, bytes, sha256 }, json ? 0 : 2);
        return;
      }
      assertNotPart('--to', to);
      assertNotPart('--filter', filter);
      if (options.as !== undefined && filter === undefined)
        throw new UsageError('--as is a format of the filter', 'Add --filter FILE, or leave out --as.');
      if (filter !== undefined) {
        if (named !== undefined || to !== undefined || list)
          throw new UsageError('--filter cannot be combined with other exports', 'Remove --index, --to and --list.');
        if (options.as === BLOOM) {
          await printBloomFilter(folder, filter, json);
          return;
        }
        printResult({ json }, await exportFilter(folder, filter), ({ snapshot, entries, bytes }) =>
          [
            `password filter of snapshot ${snapshot} (${formatCounted(entries, 'entry')}, ${formatBytes(bytes)})`,
            `written to ${filter}`,
          ].join(' '),
        );
        return;
      }
      const index = RANGE_NAMES.find((name) => name === named);
      if (index === undefined || to === undefined)
        throw new UsageError(
          'nothing to export',
          `Pass --index ${RANGE_NAMES.join('|')} --to FOLDER (or --to FILE --list), --filter FILE, or --source NAME.`,
        );
      const exported = await exportRanges(folder, index, to, list);
      printResult({ json }, exported, ({ ranges, gaps, entries, seconds }) =>
        [
          `${formatCounted(ranges, 'range')} with ${formatCounted(entries, 'entry')} written to ${to}`,
          `in ${formatSeconds(seconds)}`,
          ...(gaps > 0 ? [`(${formatCounted(gaps, 'range')} of the mirror missing)`] : []),
        ].join(' '),
      );
    });
}
