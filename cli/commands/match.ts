// credveil match: finds the accounts of a user table whose passwords have leaked.

import os from 'node:os';
import type { Command } from 'commander';
import { LeftOut } from '../../ingest/input/left-out.ts';
import { DEFAULT_MAX_CANDIDATES } from '../../match/candidates/collector.ts';
import { openSources } from '../../match/candidates/sources.ts';
import { MatchError } from '../../match/errors.ts';
import { parseDescription } from '../../match/hashes/description.ts';
import { DEFAULT_HASH_LIMITS, type HashLimits } from '../../match/hashes/stored-hash.ts';
import { type MatchOptions, matchUsers, planMatch, type StateFound } from '../../match/match.ts';
import { hasProgress } from '../../match/state/state-folder.ts';
import type { UserTable } from '../../match/users/user-table.ts';
import { hashOptionsOf, type VerifySettings } from '../../match/verify/verify-task.ts';
import { addReadingOptions, type CorpusOptions, limitsOf, parseReading } from '../corpus.ts';
import { UsageError } from '../exit.ts';
import { onInterrupt } from '../interrupt.ts';
import { noteLeftOut } from '../left-out.ts';
import { describeMatch, describePlan } from '../match/describe.ts';
import { assertDistinctFiles, resultFilesOf } from '../match/distinct-files.ts';
import { leakedEvents, namedEvents } from '../match/events.ts';
import { describeEvidence } from '../match/evidence.ts';
import { createMatchBars } from '../match/match-bars.ts';
import { matchNames, noteNames } from '../match/names.ts';
import { assertNewFiles, outputsOf, writeResult } from '../match/result-files.ts';
import { addUsersOptions, openUsers, readSecretFile, type UsersOptions } from '../match/users.ts';
import { parseCount } from '../memory.ts';
import { addNotifyOptions, HERE_OUTBOX, type Notifier, type NotifyOptions, openNotifier } from '../notify/notifier.ts';
import { note, printResult } from '../output.ts';
import { printable } from '../printable.ts';
import { formatCount, formatCounted } from '../units.ts';

interface CommandOptions extends UsersOptions, NotifyOptions, Omit<CorpusOptions, 'columns'> {
  against?: string[];
  namesOnly?: string;
  keyFile?: string;
  corpusColumns?: string;
  hashFormat?: string;
  pepperFile?: string;
  maxHashSeconds?: number;
  maxHashMemory?: number;
  similar?: boolean;
  maxCandidates?: number;
  threads?: number;
  state: string;
  out?: string;
  unchecked?: string;
  dryRun?: boolean;
  json?: boolean;
}

/** @throws MatchError `HASH_FORMAT_MALFORMED`, `PEPPER_UNREADABLE` */
function parseSettings(options: CommandOptions): VerifySettings {
  const { hashFormat: description, pepperFile, maxHashSeconds, maxHashMemory } = options;
  const limits: HashLimits = {
    seconds: maxHashSeconds ?? DEFAULT_HASH_LIMITS.seconds,
    memoryBytes: maxHashMemory === undefined ? DEFAULT_HASH_LIMITS.memoryBytes : maxHashMemory * 2 ** 20,
  };
  const parsed = description === undefined ? undefined : parseDescription(description);
  if ((parsed?.needsPepper ?? false) !== (pepperFile !== undefined))
    throw new UsageError(
      pepperFile === undefined ? '--hash-format names a pepper' : '--pepper-file is for a --hash-format with a pepper',
      pepperFile === undefined ? 'Pass the file that holds it with --pepper-file.' : 'Leave it out, or add pepper.',
    );
  const pepper = pepperFile === undefined ? undefined : readPepper(pepperFile);
  return { limits, description, pepper };
}

const readPepper = (file: string): Buffer =>
  readSecretFile(
    file,
    (why) => new MatchError('PEPPER_UNREADABLE', `${file}: ${why}`, 'Pass the file that holds the pepper.'),
  );

function noteState(found: StateFound, folder: string): void {
  if (found === 'resumed') note(`goes on from the state in ${printable(folder)}`);
  if (found === 'other') note(`the state in ${printable(folder)} is of other users, sources or options: starts over`);
}

/** What a dataset cannot tell. */
const NOT_OF_NAMES = ['hashFormat', 'pepperFile', 'similar', 'dryRun', 'corpusColumns'] as const;

/** A column of dates that none can be read from would tell of no month, in silence. */
function noteDates({ datedAccounts, accounts }: UserTable, columns: string): void {
  if (!/(^|,)changed=/.test(columns) || datedAccounts === accounts) return;
  note(
    `NO DATE: ${formatCounted(accounts - datedAccounts, 'account')} of ${formatCount(accounts)} without a date of change that can be read. Write dates as 2026-01-31, with or without a time, or as Unix time.`,
  );
}

async function runNames(
  usersName: string,
  dataset: string,
  options: CommandOptions,
  notifier: Notifier | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (NOT_OF_NAMES.some((name) => options[name] !== undefined))
    throw new UsageError(
      '--names-only verifies nothing',
      'Leave out --hash-format, --pepper-file, --similar, --dry-run and options of corpora.',
    );
  assertNewFiles(options);
  const result = await matchNames(usersName, dataset, options, signal);
  const { rows, unchecked, accounts, userRejects } = result;
  notifier?.add(namedEvents(rows));
  await writeResult({ rows, unchecked, figures: { accounts, userRejects } }, options);
  noteNames(result);
}

async function runMatch(
  usersName: string,
  against: readonly string[],
  options: CommandOptions,
  notifier: Notifier | undefined,
  signal: AbortSignal,
): Promise<void> {
  const settings = parseSettings(options);
  const reading = await parseReading({ ...options, columns: options.corpusColumns } as CorpusOptions);
  // A match that was killed while it wrote them writes both again.
  if (!options.dryRun && !hasProgress(options.state)) assertNewFiles(options);
  const leftOut = new LeftOut();
  const { encoding, accept } = options;
  const sources = openSources(against, limitsOf(options as CorpusOptions), leftOut).map((source) =>
    encoding === undefined ? source : { ...source, inputs: source.inputs.map((input) => ({ ...input, encoding })) },
  );
  const users = await openUsers(usersName, options, hashOptionsOf(settings), signal);
  const bars = createMatchBars();
  const request: MatchOptions = {
    users,
    sources,
    state: options.state,
    outputs: outputsOf(options),
    onState: (found) => noteState(found, options.state),
    assertOutputs: (started) => assertNewFiles(options, started),
    maxCandidates: options.maxCandidates ?? DEFAULT_MAX_CANDIDATES,
    scan: { ...reading, leftOut, signal, ...(accept && { accept }), onProgress: bars.scan },
    verify: {
      threads: options.threads ?? os.availableParallelism(),
      settings,
      similar: options.similar ?? false,
      signal,
      onProgress: bars.verify,
    },
  };
  try {
    if (options.dryRun) {
      const plan = await planMatch(request);
      bars.end();
      noteLeftOut(leftOut);
      printResult(options, plan, describePlan);
      noteDates(users, options.columns);
      return;
    }
    await matchUsers(request, async (result) => {
      bars.end();
      noteLeftOut(leftOut);
      // The state goes when all is kept: a match that is killed here makes the same events again.
      notifier?.add(leakedEvents(result));
      await writeResult(result, options);
      note(describeMatch(result.figures, result.rows, result.unchecked, options.unchecked));
      noteDates(users, options.columns);
      for (const line of describeEvidence(result.evidence)) note(line);
    });
  } finally {
    bars.end();
  }
}

export function addMatch(program: Command): void {
  const command = program
    .command('match')
    .description('find the accounts of a user table whose passwords have leaked')
    .option(
      '--against <path...>',
      'corpora: files, folders of them (each entry is a source), or YYYY-MM:PATH to state the month of the breach',
    )
    .option('--names-only <dataset>', 'instead of --against: which accounts stand in which sources of a dataset')
    .option('--key-file <file>', 'key of that dataset (default: <dataset>.key)');
  addUsersOptions(command)
    .option('--hash-format <text>', 'digest of hashes that name no scheme, such as "sha256(salt + password)"')
    .option('--pepper-file <file>', 'pepper of --hash-format')
    .option('--max-hash-seconds <n>', 'cost of a hash that is verified (default: 5)', parseCount('--max-hash-seconds'))
    .option('--max-hash-memory <MiB>', 'memory of a hash (default: 256)', parseCount('--max-hash-memory'))
    .option('--similar', 'also try variants of leaked passwords, about 20 of each')
    .option(
      '--max-candidates <n>',
      'candidates of an account in a source (default: 1000)',
      parseCount('--max-candidates'),
    )
    .option('--threads <n>', 'threads that verify (default: one per core)', parseCount('--threads'))
    .option('--state <folder>', 'state that a killed match goes on from', 'credveil-match')
    .option('--out <file>', 'write the accounts to this new file instead of standard output')
    .option('--unchecked <file>', 'write the accounts that could not be checked to this new file, with reasons')
    .option('--dry-run', 'report candidates, kinds of hashes and the time it will take, and verify nothing');
  addReadingOptions(command, '--corpus-columns');
  addNotifyOptions(command)
    .option('--json', 'print the result as JSON instead of CSV')
    .action(async (users: string, options: CommandOptions) => {
      const interrupt = onInterrupt();
      try {
        const { against, namesOnly, keyFile } = options;
        if ((against === undefined) === (namesOnly === undefined))
          throw new UsageError(
            'match takes --against or --names-only',
            'Pass corpora with --against, or a dataset with --names-only.',
          );
        if (against !== undefined && keyFile !== undefined)
          throw new UsageError('--key-file is for --names-only', 'Leave it out: corpora need no key.');
        const results = resultFilesOf(options);
        assertDistinctFiles(results);
        const notifier = await openNotifier(options, HERE_OUTBOX, results);
        try {
          if (against === undefined) await runNames(users, namesOnly as string, options, notifier, interrupt.signal);
          else await runMatch(users, against, options, notifier, interrupt.signal);
          await notifier?.deliver(interrupt.signal);
        } finally {
          notifier?.close();
        }
      } finally {
        interrupt.dispose();
      }
    });
}
