// credveil check: checks credentials against a running server, as a login handler does.

import { addAbortSignal } from 'node:stream';
import { type Command, Option } from 'commander';
import { lookupFailure } from '../../client-sdk/errors.ts';
import { createLeakChecker, type Verdict } from '../../client-sdk/index.ts';
import { formatPublicKey } from '../../protocol/keys.ts';
import { openClientKeyFile, openKeyFile } from '../../store/key-file.ts';
import { ExitCode, UsageError } from '../exit.ts';
import { onInterrupt } from '../interrupt.ts';
import { readLines } from '../lines.ts';
import { promptHidden, promptLine } from '../prompt.ts';
import { formatCounted } from '../units.ts';

const MAX_EXACT_TIMES = 4;

const EXIT_CODES = `
Exit codes:
    0  every check was completed, whatever the verdicts are
    1  a verdict is unknown, or a file or key is invalid
    2  an invalid option or input line
  130  interrupted`;

interface CheckOptions {
  url: string;
  keyFile?: string;
  publicKey?: string;
  clientKeyFile?: string;
  timeout: string;
  json?: boolean;
}

interface CheckedCredential {
  readonly username?: string;
  readonly password?: string;
}

function parseJson(line: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line));
  } catch {
    return undefined;
  }
}

function parseCredential(line: Buffer, number: number): CheckedCredential {
  const { username, password, ...others } = (parseJson(line) ?? {}) as CheckedCredential;
  const isText = (value: unknown): boolean => value === undefined || typeof value === 'string';
  // An unknown member may be the username by another name: without it, this is another question.
  if (
    !isText(username) ||
    !isText(password) ||
    (username === undefined && password === undefined) ||
    Object.keys(others).length > 0
  )
    throw new UsageError(
      `line ${number} of standard input is not a credential`,
      'Write one JSON object per line: {"username": "…", "password": "…"}. Either member may be omitted; others may not be added.',
    );
  return { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }) };
}

/** Takes a key file of either suite or a public key. Under `oprf`, the public part is enough. */
function chooseKey({ keyFile, publicKey }: CheckOptions): { key: string } | { publicKey: string } {
  if ((keyFile === undefined) === (publicKey === undefined))
    throw new UsageError(
      'check needs exactly one key',
      'Pass --key-file for the hmac suite, or --public-key for oprf.',
    );
  if (publicKey !== undefined) return { publicKey };
  const key = openKeyFile(keyFile as string);
  return key.publicKey ? { publicKey: formatPublicKey(key.publicKey) } : { key: key.revealText() };
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
  return `${verdict.status}: ${text[verdict.status]}${times}  [${verdict.durationMs.toFixed(1)} ms]`;
}

async function* readCredentials(signal: AbortSignal): AsyncGenerator<CheckedCredential> {
  if (process.stdin.isTTY) {
    const username = await promptLine('username (empty to check a password only): ', signal);
    const password = await promptHidden('password: ', signal);
    yield username === '' ? { password } : { username, password };
    return;
  }
  let number = 0;
  for await (const line of readLines(addAbortSignal(signal, process.stdin))) {
    number++;
    if (line.toString('latin1').trim() !== '') yield parseCredential(line, number);
  }
}

export function addCheck(program: Command): void {
  program
    .command('check')
    .description('check credentials against a server, from JSON lines on standard input or a prompt')
    .requiredOption('--url <url>', 'base URL of the server')
    .option('--key-file <file>', 'hmac: key file of the dataset')
    .option('--public-key <key>', 'oprf: public key of the dataset, as `credveil key show` prints it')
    .option('--client-key-file <file>', 'file with the client key that `credveil client add` printed')
    .addOption(new Option('--timeout <ms>', 'deadline of one check').default('2000', '2000'))
    .option('--json', 'print verdicts as JSON lines (always the case if standard input is not a terminal)')
    .addHelpText('after', EXIT_CODES)
    .action(async (options: CheckOptions) => {
      const timeoutMs = Number(options.timeout);
      if (!Number.isInteger(timeoutMs) || timeoutMs < 1)
        throw new UsageError('--timeout must be a whole number of milliseconds', 'Omit it for the default of 2000.');
      const checker = createLeakChecker({
        url: options.url,
        ...chooseKey(options),
        ...(options.clientKeyFile !== undefined && { clientKey: openClientKeyFile(options.clientKeyFile) }),
        timeoutMs,
        // Each line reports its own failure.
        circuitBreaker: false,
      });
      // Each reason is explained once.
      const explained = new Set<string>();
      const json = options.json === true || !process.stdin.isTTY;
      const interrupt = onInterrupt();
      try {
        for await (const credential of readCredentials(interrupt.signal)) {
          const verdict = await checker.check(credential, { signal: interrupt.signal });
          interrupt.signal.throwIfAborted();
          process.stdout.write(`${json ? JSON.stringify(verdict) : describe(verdict)}\n`);
          if (verdict.status === 'unknown') {
            process.exitCode = ExitCode.failed;
            if (verdict.reason !== undefined && !explained.has(verdict.reason)) {
              explained.add(verdict.reason);
              const { code, message, hint } = lookupFailure(verdict.reason);
              process.stderr.write(`${code}: ${message}\n  ${hint}\n`);
            }
          }
        }
      } finally {
        interrupt.dispose();
      }
    });
}
