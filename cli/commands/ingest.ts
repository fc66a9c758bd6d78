// credveil ingest: adds a corpus to a dataset as one source.

import type { Command } from 'commander';
import type { OpenArchive } from '../../ingest/archive/archive-reader.ts';
import { besideMemory, type Ingested, ingest } from '../../ingest/ingest.ts';
import { openInput } from '../../ingest/input/inputs.ts';
import { LeftOut, type LeftOutGroup } from '../../ingest/input/left-out.ts';
import { assertMemorySuffices } from '../../ingest/memory-plan.ts';
import type { IngestOptions as IngestRequest } from '../../ingest/options.ts';
import { openDataset } from '../../store/dataset.ts';
import { assertSourceDate, assertSourceName } from '../../store/run/run-facts.ts';
import type { PlantedFound, ReportedText } from '../../store/run/run-report.ts';
import { AUTO, addCorpusOptions, type Corpus, type CorpusOptions, namedMonth, openCorpus } from '../corpus.ts';
import { ExitCode, reportFailure, UsageError } from '../exit.ts';
import { createIngestBars, describeRejects, type IngestSeconds } from '../ingest-bars.ts';
import { onInterrupt } from '../interrupt.ts';
import { namedBy } from '../key-files.ts';
import { noteLeftOut } from '../left-out.ts';
import { parseCount, parseMemory } from '../memory.ts';
import { describeMirror, type MirrorSummary, summarizeMirror } from '../mirror.ts';
import { addNotifyOptions, type Notifier, type NotifyOptions, openNotifier, outboxFor } from '../notify/notifier.ts';
import { type OpenedForPublishing, withDataset, withPublisher } from '../open.ts';
import { printResult } from '../output.ts';
import { describePublished, PUBLISHER_KEY, type PublishSummary, publishCommand } from '../publish/published.ts';
import { canaryEvents, noteAlarm, plantedIn } from '../retention/canaries.ts';
import { assertAhead, parseExpires } from '../retention/expires.ts';
import { describeTexts } from '../text-report.ts';
import { formatBytes, formatCount, formatCounted, formatSeconds } from '../units.ts';

interface IngestOptions extends CorpusOptions, NotifyOptions {
  source?: string;
  replace?: string;
  archive?: string;
  fromArchive?: string;
  identity?: string;
  dryRun?: boolean;
  date?: string;
  expires?: string;
  keyFile?: string;
  publisherKey?: string;
  publish: boolean;
  delta?: boolean;
  memory?: number;
  threads?: number;
  keep?: number;
  json?: boolean;
}

interface IngestSummary {
  readonly source: string;
  readonly changed: boolean;
  readonly lines: number;
  readonly credentials: number;
  readonly rejects: { readonly [reason: string]: number };
  /** Accounts that were planted in one's own user table, and stand in this corpus. */
  readonly canaries: readonly PlantedFound[];
  /** If it is a mirror, or made of range files. */
  readonly mirror?: MirrorSummary;
  /** Of a mirror that was replaced: files that were as before, and files that were read. */
  readonly refreshed?: { readonly unchanged: number; readonly read: number };
  /** What each text was read as. */
  readonly texts?: readonly ReportedText[];
  readonly otherTexts?: number;
  /** Files, folders and entries of archives that were not read. */
  readonly leftOut: readonly LeftOutGroup[];
  readonly seconds: IngestSeconds;
  /** Peak resident memory of the process, including its threads and publishing. */
  readonly peakMemoryBytes: number;
  readonly published?: PublishSummary;
}

function describe(summary: IngestSummary, folder: string, isAdded: boolean): string {
  const { source, changed, lines, credentials, rejects, mirror, refreshed, seconds, peakMemoryBytes, published } =
    summary;
  if (!changed) {
    const already = `source ${source}: already ingested`;
    return published?.changed ? `${already}\n${describePublished(published, folder)}` : `${already}; nothing changed`;
  }
  const whole = seconds.read + seconds.merge;
  const stages = [`reading ${formatSeconds(seconds.read)}`, `merging ${formatSeconds(seconds.merge)}`];
  if (published) stages.push(`publishing ${formatSeconds(published.seconds)}`);
  const text = [
    `source ${source}: ${formatCounted(credentials, 'credential')} from ${formatCounted(lines, 'line')} in ${formatSeconds(whole)}, ${formatCount(Math.round(lines / Math.max(0.001, whole)))} lines/s`,
    ...describeRejects(rejects),
    ...describeTexts({ texts: summary.texts ?? [], otherTexts: summary.otherTexts ?? 0 }),
    ...(mirror ? describeMirror(mirror) : []),
    ...(refreshed ? [`files: ${formatCount(refreshed.read)} read, ${formatCount(refreshed.unchanged)} as before`] : []),
  ];
  if (published) text.push(describePublished(published, folder));
  text.push(`time: ${stages.join(', ')}; peak memory ${formatBytes(peakMemoryBytes)}`);
  if (!published) text.push(`not published; publish it with: ${publishCommand(openDataset(folder), isAdded)}`);
  return text.join('\n');
}

interface OpenedCorpus extends Corpus {
  readonly archive?: OpenArchive;
}

/** The corpus of the command line, or that of an archive. */
async function openCorpusOrArchive(files: readonly string[], options: IngestOptions): Promise<OpenedCorpus> {
  const { fromArchive: file, identity } = options;
  if (file === undefined) {
    if (identity !== undefined)
      throw new UsageError('--identity opens an archive', 'Name the archive with --from-archive, or leave it out.');
    return openCorpus(files, options);
  }
  const others = [
    ...(['columns', 'blank', 'separator', 'labels', 'encoding', 'accept'] as const),
    ...(['skipUnrecognised', 'dryRun', 'trustArchives', 'mirror'] as const),
  ];
  if (files.length > 0 || options.format !== AUTO || others.some((name) => options[name]))
    throw new UsageError(
      '--from-archive takes no files and no options of files',
      'Leave out the files, what states their format, --accept, --trust-archives and --dry-run.',
    );
  if (identity === undefined)
    throw new UsageError('--identity is missing', 'Name the file of the age identity that opens the archive.');
  const { openArchive, openIdentityFile } = await import('../../ingest/archive/archive-reader.ts');
  const archive = await openArchive(
    file,
    namedBy('--identity', () => openIdentityFile(identity)),
  );
  return { archive, inputs: [openInput(file)], reading: {}, leftOut: new LeftOut() };
}

/** Before anything is read or printed. @throws StoreError */
function assertStated(folder: string, { source, replace = source, date, expires }: IngestOptions): void {
  assertAhead(expires);
  openDataset(folder);
  if (replace !== undefined) assertSourceName(replace);
  if (date !== undefined) assertSourceDate(date);
}

/** Encryption, archives and dry runs load on demand: most ingests use none of them. */
async function loadRecipient(text: string): Promise<IngestRequest['recipient']> {
  const { parseRecipient } = await import('../../ingest/archive/archive-writer.ts');
  return parseRecipient(text);
}

async function ingestAndPublish(
  folder: string,
  { inputs, reading, archive, leftOut }: OpenedCorpus,
  named: Pick<IngestRequest, 'source' | 'date' | 'expires' | 'recipient'>,
  options: IngestOptions,
  notifier: Notifier | undefined,
  signal: AbortSignal,
): Promise<IngestSummary> {
  const { source } = named;
  const raise = (found: readonly PlantedFound[]): void => {
    noteAlarm(`source ${source}`, found);
    notifier?.add(canaryEvents(named, found));
  };
  const open = options.publish ? withPublisher : withDataset;
  if (options.memory !== undefined)
    assertMemorySuffices(options.memory, besideMemory({ inputs, ...named, ...(archive && { archive }) }));
  return open(folder, options, async (opened: OpenedForPublishing) => {
    const { dataset, key } = opened;
    const bars = createIngestBars(source);
    let ingested: Ingested;
    try {
      ingested = await ingest(dataset, key, {
        ...named,
        ...reading,
        inputs,
        leftOut,
        replace: options.replace !== undefined,
        mirror: archive?.header.mirror ?? options.mirror ?? false,
        ...(options.accept && { accept: options.accept }),
        ...(archive && { archive }),
        ...(options.memory === undefined ? {} : { memoryBytes: options.memory }),
        ...(options.threads === undefined ? {} : { threads: options.threads }),
        signal,
        onProgress: bars.update,
        onPlanted: raise,
      });
    } catch (error) {
      bars.abandon();
      throw error;
    }
    const { facts, changed } = ingested;
    const mirror = summarizeMirror(ingested);
    const { lines, credentials, rejects, report } = facts;
    const seconds = bars.finish();
    noteLeftOut(leftOut);
    const canaries = plantedIn(facts);
    if (!changed && canaries.length > 0) raise(canaries);
    // An unchanged source still needs this if an earlier ingest was interrupted before publishing.
    const published = options.publish ? await publishNow(opened, signal, options, notifier) : undefined;
    const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
    return {
      ...{ source, changed, lines, credentials, rejects, canaries, leftOut: leftOut.groups, seconds, peakMemoryBytes },
      ...(mirror && { mirror }),
      ...(ingested.refreshed && { refreshed: ingested.refreshed }),
      ...(report && { texts: report.texts, otherTexts: report.otherTexts }),
      ...(published ? { published } : {}),
    };
  });
}

/** Loads what publishes: several sources are ingested without it, and published at once. */
async function publishNow(
  opened: OpenedForPublishing,
  signal: AbortSignal,
  options: IngestOptions,
  notifier: Notifier | undefined,
): Promise<PublishSummary> {
  const { publishWithProgress } = await import('./publish.ts');
  return publishWithProgress(opened, signal, { ...options, notifier });
}

/** Ingests and publishes, or reads a sample. */
async function runIngest(folder: string, files: readonly string[], options: IngestOptions): Promise<void> {
  const recipient = options.archive === undefined ? undefined : await loadRecipient(options.archive);
  assertStated(folder, options);
  const notifier = await openNotifier(options, outboxFor(folder), []);
  const interrupt = onInterrupt();
  const { signal } = interrupt;
  try {
    const corpus = await openCorpusOrArchive(files, options);
    const { archive } = corpus;
    const { source = options.replace ?? archive?.header.source } = options;
    if (source === undefined || options.dryRun) {
      const { printDryRun } = await import('../dry-run.ts');
      await printDryRun(folder, corpus, options, signal);
      return;
    }
    const { expires } = options;
    const date = options.date ?? archive?.header.date ?? namedMonth(source, files, options.replace);
    const named = {
      source,
      ...(date !== undefined && { date }),
      ...(expires !== undefined && { expires }),
      ...(recipient && { recipient }),
    };
    const summary = await ingestAndPublish(folder, corpus, named, options, notifier, signal).catch(async (error) => {
      // An alarm is sent, whatever refused the corpus.
      await notifier?.deliver(signal).catch((failure) => reportFailure(failure));
      throw error;
    });
    printResult(options, summary, (done) => describe(done, folder, options.replace === undefined));
    if (summary.canaries.length > 0) process.exitCode = ExitCode.alarm;
    await notifier?.deliver(signal);
  } finally {
    interrupt.dispose();
    notifier?.close();
  }
}

export function addIngest(program: Command): void {
  const command = program
    .command('ingest')
    .description('add a corpus to a dataset as one source, and publish it')
    .argument('<dataset>', 'folder of the dataset');
  addNotifyOptions(addCorpusOptions(command))
    .option(
      '--source <name>',
      'name of the source, needed to remove it later (required, except with --dry-run and --from-archive)',
    )
    .option('--replace <name>', 'source to swap for this corpus, in one publish; instead of --source')
    .option('--date <YYYY-MM>', 'month of the breach (default: one in the name of the source or file)')
    .option(
      '--expires <day>',
      'day from which on publishing leaves the source out: YYYY-MM-DD, or 90d from today',
      parseExpires,
    )
    .option('--archive <recipient>', 'keep the credentials, encrypted to this age recipient (age1…) who is elsewhere')
    .option('--from-archive <file>', 'ingest an archive instead of files')
    .option('--identity <file>', 'age identity that opens the archive')
    .option('--key-file <file>', 'key of the dataset (default: <dataset>.key)')
    .option(...PUBLISHER_KEY)
    .option('--memory <size>', 'memory limit of the process (default: 1GiB)', parseMemory)
    .option('--threads <n>', 'worker threads (default: one per core)', parseCount('--threads'))
    .option('--keep <n>', 'snapshots to keep, including the new one (default: 2)', parseCount('--keep'))
    .option('--no-publish', 'do not publish a new snapshot')
    .option('--delta', 'publish added sources alone, as a further layer: see publish --delta')
    .option('--dry-run', 'read a sample, report its format and the estimated cost, and write nothing')
    .option('--json', 'print the result as JSON')
    .action(async (folder: string, files: string[], options: IngestOptions) => {
      if (options.replace !== undefined && options.source !== undefined)
        throw new UsageError(
          '--replace and --source exclude each other',
          'A source keeps its name: leave --source out.',
        );
      if (
        options.source === undefined &&
        options.replace === undefined &&
        !options.dryRun &&
        options.fromArchive === undefined
      )
        throw new UsageError('--source is missing', 'Name the source, such as --source collection1-2019.');
      if (options.delta && (options.replace !== undefined || !options.publish))
        throw new UsageError('--delta publishes added sources', 'Leave out --delta, or --replace and --no-publish.');
      if (options.dryRun && options.archive !== undefined)
        throw new UsageError('--dry-run makes no archive', 'Leave --archive out, or --dry-run.');
      await runIngest(folder, files, options);
    });
}
