// credveil check: checks credentials against a running server, as a login handler does.

import { addAbortSignal } from 'node:stream';
import { type Command, Option } from 'commander';
import { type Credential, createLeakChecker, LookupError, type Verdict } from '../../client-sdk/index.ts';
import { type CheckFailures, createCheckFailures, withFlags } from '../check/check-failures.ts';
import { LineError, parseLine, readLines } from '../check/credential-lines.ts';
import { choosePins, type PinOptions, type Pins, pinnedDataset } from '../check/pins.ts';
import { promptHidden, promptLine } from '../check/prompt.ts';
import { ExitCode, formatFailure, printFailure, UsageError } from '../exit.ts';
import { onInterrupt } from '../interrupt.ts';
import { openClientKeyFile } from '../key-files.ts';
import { note, printResult } from '../output.ts';
import { printable } from '../printable.ts';
import { formatCounted } from '../units.ts';

const MAX_EXACT_TIMES = 4;

const EXIT_CODES = `
Exit codes:
    0  every check was completed, whatever the verdicts are
    1  a verdict is unknown, or a file or key is invalid
    2  an invalid option, or a line that holds no credential; the other lines are checked
  130  interrupted`;

interface CheckOptions extends PinOptions {
  url: string;
  bucketsUrl?: string;
  evaluator?: string[];
  clientKeyFile?: string;
  timeout: string;
  json?: boolean;
}

/** The servers of split roles. @throws UsageError */
function chooseServers({ bucketsUrl, evaluator: evaluators }: CheckOptions, pins: Pins) {
  if ('key' in pins && (bucketsUrl !== undefined || evaluators !== undefined))
    throw new UsageError('--buckets-url and --evaluator are for the suite oprf', 'Remove them.');
  return { ...(bucketsUrl !== undefined && { bucketsUrl }), ...(evaluators !== undefined && { evaluators }) };
}

/** Counts are exact up to 4, and lower bounds above. */
function formatTimesSeen(times: number): string {
  if (times === 1) return 'seen once';
  return `seen ${times > MAX_EXACT_TIMES ? 'at least ' : ''}${formatCounted(times, 'time')}`;
}

function describe(verdict: Verdict): string {
  const text = {
    pair: 'this username and password leaked together',
    similar: 'a password similar to this one leaked with this username',
    password: 'this password leaked',
    username: 'this username leaked, this password did not',
    clean: 'not found',
    unknown: `the check could not be completed (${verdict.reason})`,
  };
  const times = verdict.timesSeen === undefined ? '' : `, ${formatTimesSeen(verdict.timesSeen)}`;
  return `verdict ${verdict.status}: ${text[verdict.status]}${times}  [${verdict.durationMs.toFixed(1)} ms]`;
}

/** Checks a credential of the input. @throws LineError if the line holds none */
type CheckLine = (check: (credential: Credential) => Promise<Verdict>) => Promise<Verdict>;

/** One question per line, or the one of the prompt. */
async function* readQuestions(signal: AbortSignal): AsyncGenerator<CheckLine> {
  if (process.stdin.isTTY) {
    const username = await promptLine('username (empty to check a password only): ', signal);
    const password = await promptHidden('password: ', signal);
    yield (check) => check(username === '' ? { password } : { username, password });
    return;
  }
  const input = addAbortSignal(signal, process.stdin);
  for await (const line of readLines(input))
    yield async (check) => {
      try {
        return await check(parseLine(line));
      } catch (error) {
        if (!(error instanceof LookupError && error.code === 'ARGUMENT_MALFORMED')) throw error;
        throw new LineError(line.number, error.message, error.hint);
      }
    };
}

/** Prints verdicts and mistakes, and sets the exit code. */
function createPrinter(json: boolean, failures: CheckFailures) {
  // Each reason is explained once.
  const explained = new Set<string>();
  return {
    verdict(verdict: Verdict): void {
      printResult({ json }, { ...verdict, durationMs: Number(verdict.durationMs.toFixed(1)) }, describe);
      if (verdict.status !== 'unknown') return;
      process.exitCode ??= ExitCode.failed;
      if (explained.has(verdict.reason)) return;
      explained.add(verdict.reason);
      const { code, message, hint } = failures.explain(verdict.reason);
      note(`${code}: ${printable(message)}\n  ${hint}`);
    },
    /** Every line of the input has one of the output. */
    mistake(error: LineError): void {
      process.exitCode = ExitCode.usage;
      if (json) printFailure(error);
      note(formatFailure({ code: error.code, message: printable(error.message), hint: error.hint }));
    },
  };
}

export function addCheck(program: Command): void {
  program
    .command('check')
    .description('check credentials against a server, from JSON lines on standard input or a prompt')
    .requiredOption('--url <url>', 'base URL of the server')
    .option('--trust <line>', 'signed datasets: the public line that `credveil key pin` prints')
    .option('--key-file <file>', 'hmac: file with what `credveil key pin` prints, or a key file')
    .option('--dataset <folder>', 'folder of the dataset, to pin what its clients pin; or its id, with a key file')
    .option('--client-key-file <file>', 'file with the client key that `credveil client add` printed')
    .option('--buckets-url <url>', 'oprf with split roles: server of the buckets; --url evaluates')
    .option('--evaluator <url...>', 'oprf with split roles: servers that evaluate; --url serves buckets')
    .addOption(new Option('--timeout <ms>', 'deadline of one check').default('10000', '10000'))
    .option('--json', 'print verdicts as JSON lines (always the case if standard input is not a terminal)')
    .addHelpText('after', EXIT_CODES)
    .action(async (options: CheckOptions) => {
      const timeoutMs = Number(options.timeout);
      if (!Number.isInteger(timeoutMs) || timeoutMs < 1)
        throw new UsageError('--timeout must be a whole number of milliseconds', 'Omit it for the default of 10000.');
      const pins = choosePins('check', options);
      const { clientKeyFile } = options;
      const failures = createCheckFailures({ dataset: pinnedDataset(pins), hasClientKey: clientKeyFile !== undefined });
      const checker = withFlags(() =>
        createLeakChecker({
          url: options.url,
          ...pins,
          ...chooseServers(options, pins),
          ...(clientKeyFile !== undefined && { clientKey: openClientKeyFile(clientKeyFile) }),
          timeoutMs,
          fetch: failures.fetch,
          // Each line reports its own failure.
          circuitBreaker: false,
        }),
      );
      const printer = createPrinter(options.json === true || !process.stdin.isTTY, failures);
      const interrupt = onInterrupt();
      const { signal } = interrupt;
      try {
        for await (const ask of readQuestions(signal)) {
          try {
            const verdict = await ask((credential) => checker.check(credential, { signal }));
            signal.throwIfAborted();
            printer.verdict(verdict);
          } catch (error) {
            if (!(error instanceof LineError)) throw error;
            printer.mistake(error);
          }
        }
        // An interrupted input may end like a complete one.
        signal.throwIfAborted();
      } finally {
        interrupt.dispose();
      }
    });
}
