// credveil suppress: keeps persons out of a dataset, by their addresses or usernames.

import { addAbortSignal } from 'node:stream';
import type { Command } from 'commander';
import type { NormalizedUsername } from '../../protocol/brands.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { type Dataset, openDataset } from '../../store/dataset.ts';
import { dayOf } from '../../store/day.ts';
import { openNameList, readListedNames, writeNameList } from '../../store/retention/name-file.ts';
import type { ListedName, NameList } from '../../store/retention/name-list.ts';
import { createSpelling } from '../../store/retention/usernames.ts';
import { nameEntry } from '../../store/run/removal.ts';
import { LineError, type NumberedLine, readLines } from '../check/credential-lines.ts';
import { promptLine } from '../check/prompt.ts';
import { UsageError } from '../exit.ts';
import { onInterrupt } from '../interrupt.ts';
import { type OpenedForWriting, withDataset } from '../open.ts';
import { formatTable, note, printResult } from '../output.ts';
import { shellWord } from '../printable.ts';
import { createEntrySuite } from '../retention/entry-suite.ts';
import { formatCount, formatCounted } from '../units.ts';

interface SuppressOptions {
  keyFile?: string;
  json?: boolean;
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws LineError, which repeats nothing of the line */
function usernameOf({ number, bytes }: NumberedLine, spell: ReturnType<typeof createSpelling>): NormalizedUsername {
  const hint = 'Write one address or username per line, in UTF-8.';
  let username: NormalizedUsername;
  try {
    username = spell(strictUtf8.decode(bytes));
  } catch (error) {
    const isLong = !bytes || error instanceof ProtocolError;
    throw new LineError(number, isLong ? 'too long' : 'not a username in UTF-8', hint);
  }
  if (!bytes || username.length === 0) throw new LineError(number, 'not a username', hint);
  return username;
}

/** Ctrl-D ends the list, as it ends standard input. Ctrl-C says what became of it. */
const endOrInterrupt =
  (signal: AbortSignal) =>
  (error: unknown): string => {
    if (signal.aborted || !(error instanceof DOMException)) {
      note('\nnothing was changed: the names that you typed are dropped');
      throw error;
    }
    note('');
    return '';
  };

/** The addresses of standard input, or of a prompt. @throws LineError, UsageError */
async function readUsernames({ parameters }: Dataset, signal: AbortSignal): Promise<NormalizedUsername[]> {
  const spell = createSpelling(parameters);
  const usernames: NormalizedUsername[] = [];
  if (process.stdin.isTTY) {
    for (;;) {
      const text = await promptLine('address or username (empty to end): ', signal).catch(endOrInterrupt(signal));
      if (text.trim() === '') break;
      usernames.push(usernameOf({ number: usernames.length + 1, bytes: Buffer.from(text) }, spell));
    }
  } else
    for await (const line of readLines(addAbortSignal(signal, process.stdin))) usernames.push(usernameOf(line, spell));
  signal.throwIfAborted();
  if (usernames.length === 0)
    throw new UsageError('no address given', 'Write one address or username per line to standard input.');
  return usernames;
}

/** Changes the list of names by each address. @returns how many changed it, and how many did not */
async function changeNames(
  folder: string,
  options: SuppressOptions,
  createChange: (opened: OpenedForWriting) => Promise<(list: NameList, username: NormalizedUsername) => boolean>,
): Promise<{ changed: number; unchanged: number; names: number }> {
  const interrupt = onInterrupt();
  try {
    // Read first: nobody else waits for a prompt.
    const usernames = await readUsernames(openDataset(folder), interrupt.signal);
    return await withDataset(folder, options, async (opened) => {
      const { dataset, key } = opened;
      const list = openNameList(dataset, key);
      const change = await createChange(opened);
      const changed = usernames.filter((username) => change(list, username)).length;
      writeNameList(dataset, key, list);
      return { changed, unchanged: usernames.length - changed, names: list.of('suppressed').length };
    });
  } finally {
    interrupt.dispose();
  }
}

/** The line of the next step, if there is one. */
const next = (folder: string, changed: number): string[] =>
  changed === 0 ? [] : [`take effect with: credveil publish ${shellWord(folder)}`];

/** Suppressed names of each day. */
function countByDay(names: readonly ListedName[]): { readonly added: string; readonly names: number }[] {
  const days = new Map<string, number>();
  for (const { kind, added } of names) if (kind === 'suppressed') days.set(added, (days.get(added) ?? 0) + 1);
  return [...days].map(([added, count]) => ({ added, names: count })).sort((a, b) => (a.added < b.added ? -1 : 1));
}

function shared(command: Command): Command {
  return command
    .argument('<dataset>', 'folder of the dataset')
    .option('--key-file <file>', 'key of the dataset (default: <dataset>.key)')
    .option('--json', 'print the result as JSON');
}

export function addSuppress(program: Command): void {
  const suppress = program.command('suppress').description('keep persons out of a dataset, now and in every ingest');
  shared(suppress.command('add'))
    .description('suppress addresses or usernames: one per line on standard input, or a prompt')
    .action(async (folder: string, options: SuppressOptions) => {
      const { changed, unchanged, names } = await changeNames(folder, options, async ({ key }) => {
        const suite = await createEntrySuite(key);
        const today = dayOf(Date.now());
        return (list, username) => list.suppress(username, nameEntry(suite, username), today);
      });
      printResult(options, { added: changed, known: unchanged, names }, (result) =>
        [
          `${formatCounted(result.added, 'name')} added, ${formatCount(result.known)} known before: ${formatCounted(result.names, 'name')} suppressed`,
          ...next(folder, result.added),
        ].join('\n'),
      );
    });
  shared(suppress.command('remove'))
    .description('end the suppression of addresses or usernames, given again')
    .action(async (folder: string, options: SuppressOptions) => {
      const { changed, unchanged, names } = await changeNames(
        folder,
        options,
        async () => (list, username) => list.release(username),
      );
      printResult(options, { removed: changed, unknown: unchanged, names }, (result) =>
        [
          `${formatCounted(result.removed, 'name')} removed, ${formatCount(result.unknown)} not on the list: ${formatCounted(result.names, 'name')} suppressed`,
          ...next(folder, result.removed),
        ].join('\n'),
      );
    });
  suppress
    .command('list')
    .description('count the suppressed names by the day of their addition; the names themselves are not kept')
    .argument('<dataset>', 'folder of the dataset')
    .option('--json', 'print the result as JSON')
    .action((folder: string, options: SuppressOptions) => {
      const days = countByDay(readListedNames(openDataset(folder)) ?? []);
      const names = days.reduce((sum, day) => sum + day.names, 0);
      printResult(options, { names, days }, () =>
        names === 0
          ? `no suppressed names; add some with: credveil suppress add ${shellWord(folder)}`
          : formatTable(
              ['ADDED', 'NAMES'],
              days.map((day) => [day.added, day.names]),
            ),
      );
    });
}
