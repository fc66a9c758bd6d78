// credveil watch keygen: creates a watch key. credveil watch open: compares watch tags with the
// sources of a dataset.

import fs from 'node:fs';
import path from 'node:path';
import { type Command, Option } from 'commander';
import { DEFAULT_LIMITS } from '../../ingest/containers/budget.ts';
import { openInput } from '../../ingest/input/inputs.ts';
import { streamInput } from '../../ingest/input/stream-input.ts';
import { TABLE_FORMATS, type TableFormat } from '../../match/users/read-users.ts';
import { openWatchTags, type WatchResult } from '../../match/watch/watch.ts';
import { createWatchKey, parseWatchKeyText } from '../../match/watch/watch-key.ts';
import { type Dataset, openDataset } from '../../store/dataset.ts';
import { StoreError } from '../../store/errors.ts';
import { assertOutside, writeKeyFile } from '../../store/key-file.ts';
import { readListedNames, readNameList } from '../../store/retention/name-file.ts';
import type { NameList } from '../../store/retention/name-list.ts';
import { UsageError } from '../exit.ts';
import { onInterrupt } from '../interrupt.ts';
import { openKeyFile, openSecretFile } from '../key-files.ts';
import { describeWatch } from '../match/describe-watch.ts';
import { assertDistinctFiles, resultFilesOf } from '../match/distinct-files.ts';
import { watchedEvents } from '../match/events.ts';
import { assertNewFiles, writeResult } from '../match/result-files.ts';
import { addNotifyOptions, type Notifier, type NotifyOptions, openNotifier, outboxFor } from '../notify/notifier.ts';
import { assertFolderOf, keyFileFor } from '../open.ts';
import { note, printResult } from '../output.ts';

interface KeygenOptions {
  keyFile: string;
  json?: boolean;
}

function keygen(options: KeygenOptions): void {
  const { keyFile } = options;
  assertFolderOf(keyFile);
  if (fs.existsSync(keyFile))
    throw new StoreError('KEY_FILE_EXISTS', `${keyFile} already exists`, 'Keys are never overwritten.');
  const key = createWatchKey();
  writeKeyFile(keyFile, key);
  printResult(options, { keyFile, keyId: key.keyId, publicKey: key.publicLine }, ({ publicKey }) =>
    [publicKey, `secret in ${keyFile}: keep it offline. The line above is the option watchKey of the SDK`].join('\n'),
  );
}

interface OpenOptions extends NotifyOptions {
  key: string;
  data: string;
  keyFile?: string;
  expires?: number;
  tagsFormat?: TableFormat;
  state?: string;
  onlyNew?: boolean;
  out?: string;
  unchecked?: string;
  json?: boolean;
}

const stateOf = ({ state, data }: OpenOptions): string => state ?? `${path.resolve(data)}.watch`;

/** @throws UsageError */
function parseDays(text: string): number {
  const [, days] = /^(\d{1,5})d$/.exec(text) ?? [];
  if (days !== undefined && Number(days) > 0) return Number(days);
  throw new UsageError('--expires must be a number of days with a d', 'Write it as --expires 400d, from 1d on.');
}

async function open(
  tags: string,
  options: OpenOptions,
  notifier: Notifier | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { key: keyFile, data, expires, tagsFormat, onlyNew } = options;
  const state = stateOf(options);
  assertNewFiles(options);
  const dataset = openDataset(data);
  assertOutside(keyFile, data);
  const names = openNames(dataset, options.keyFile);
  const request = {
    ...{ key: openSecretFile(keyFile, '--key', { wanted: 'watch', parse: parseWatchKeyText }), dataset, state, signal },
    tags: tags === '-' ? streamInput(process.stdin, DEFAULT_LIMITS) : openInput(tags),
    ...(names && { names }),
    ...(tagsFormat && { format: tagsFormat }),
    ...(expires !== undefined && { expiresDays: expires }),
  };
  await openWatchTags(request, async (result) => {
    // What was compared is remembered when all is kept.
    notifier?.add(watchedEvents(result.rows));
    await writeResult(shownOf(result, onlyNew), options);
    note(describeWatch(result, options.unchecked));
  });
}

/** Only the key of the dataset opens them. */
function openNames(dataset: Dataset, named: string | undefined): NameList | undefined {
  const isNeeded = readListedNames(dataset)?.some(({ kind }) => kind === 'suppressed');
  return isNeeded ? readNameList(dataset, openKeyFile(keyFileFor(dataset.folder, named))) : undefined;
}

/** The digests of findings are for programs of ours. */
function shownOf({ rows, unchecked, figures }: WatchResult, onlyNew = false) {
  const shown = rows
    .filter(({ isNew }) => isNew || !onlyNew)
    .map(({ account, source, date, match, isNew }) => ({ account, source, date, match, new: isNew }));
  return { rows: shown, unchecked, figures };
}

export function addWatch(program: Command): void {
  const watch = program.command('watch').description('find accounts in new sources by the watch tags of their logins');
  watch
    .command('keygen')
    .description('create a watch key, and print its public line for the SDK')
    .requiredOption('--key-file <file>', 'file to create; keep it offline')
    .option('--json', 'print the result as JSON')
    .action(keygen);
  const opened = watch
    .command('open')
    .description('compare watch tags with the sources of a dataset')
    .argument('<tags>', 'CSV with the header account,tag, or JSON lines; - for standard input')
    .requiredOption('--key <file>', 'watch key')
    .requiredOption('--data <dataset>', 'folder of the dataset, with its runs')
    .option('--key-file <file>', 'key of a dataset that suppresses names (default: <dataset>.key)')
    .option('--expires <days>', 'list tags of logins longer ago, such as 400d, and do not compare them', parseDays)
    .addOption(new Option('--tags-format <format>', 'format of the tags (default: recognised)').choices(TABLE_FORMATS))
    .option('--state <file>', 'remembers what was compared (default: <dataset>.watch)')
    .option('--only-new', 'leave out accounts that an earlier run has found')
    .option('--out <file>', 'write the accounts to this new file instead of standard output')
    .option('--unchecked <file>', 'write tags that could not be compared to this new file, with reasons');
  addNotifyOptions(opened)
    .option('--json', 'print the result as JSON instead of CSV')
    .action(async (tags: string, options: OpenOptions) => {
      const interrupt = onInterrupt();
      try {
        const results = resultFilesOf({ ...options, state: stateOf(options) });
        assertDistinctFiles(results);
        const notifier = await openNotifier(options, outboxFor(options.data), results);
        try {
          await open(tags, options, notifier, interrupt.signal);
          await notifier?.deliver(interrupt.signal);
        } finally {
          notifier?.close();
        }
      } finally {
        interrupt.dispose();
      }
    });
}
