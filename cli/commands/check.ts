// credveil check: asks a running server, as a login handler would.

import readline from 'node:readline';
import type { Command } from 'commander';
import { createLeakChecker, type Verdict } from '../../client-sdk/index.ts';
import { formatPublicKey } from '../../protocol/keys.ts';
import { openClientKeyFile, openKeyFile } from '../../store/key-file.ts';
import { ExitCode, UsageError } from '../exit.ts';
import { onInterrupt } from '../interrupt.ts';
import { promptHidden, promptLine } from '../prompt.ts';
import { formatCounted } from '../units.ts';

interface CheckOptions {
  url: string;
  keyFile?: string;
  publicKey?: string;
  clientKeyFile?: string;
  timeout: string;
  json?: boolean;
}

interface AskedCredential {
  readonly username?: string;
  readonly password?: string;
}

function parseCredential(line: string, number: number): AskedCredential {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    json = undefined;
  }
  const { username, password } = (json ?? {}) as AskedCredential;
  const isText = (value: unknown): boolean => value === undefined || typeof value === 'string';
  if (!isText(username) || !isText(password) || (username === undefined && password === undefined))
    throw new UsageError(
      `line ${number} of standard input is not a credential`,
      'Write one JSON object a line: {"username": "…", "password": "…"}; one of the two may be left out.',
    );
  return { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }) };
}

/** A key file of either suite, or a public key. Under `oprf` a check needs the public part alone. */
function chooseKey({ keyFile, publicKey }: CheckOptions): { key: string } | { publicKey: string } {
  if ((keyFile === undefined) === (publicKey === undefined))
    throw new UsageError('check needs one key', 'Give --key-file for the hmac suite, or --public-key for oprf.');
  if (publicKey !== undefined) return { publicKey };
  const key = openKeyFile(keyFile as string);
  return key.publicKey ? { publicKey: formatPublicKey(key.publicKey) } : { key: key.revealText() };
}

function describe(verdict: Verdict): string {
  const text = {
    pair: 'this username and password leaked together',
    similar: 'a password like this one leaked with this username',
    password: 'this password leaked',
    username: 'this username leaked, this password did not',
    clean: 'not found',
    unknown: `could not be decided (${verdict.reason})`,
  };
  const times = verdict.timesSeen === undefined ? '' : `, seen at least ${formatCounted(verdict.timesSeen, 'time')}`;
  return `${verdict.status}: ${text[verdict.status]}${times}  [${verdict.durationMs.toFixed(1)} ms]`;
}

async function* askedCredentials(signal: AbortSignal): AsyncGenerator<AskedCredential> {
  if (process.stdin.isTTY) {
    const username = await promptLine('username (empty for a password alone): ', signal);
    const password = await promptHidden('password: ', signal);
    yield username === '' ? { password } : { username, password };
    return;
  }
  let number = 0;
  for await (const line of readline.createInterface({
    input: process.stdin,
    signal,
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    number++;
    if (line.trim() !== '') yield parseCredential(line, number);
  }
  // An interrupted reader ends as one that has read everything.
  signal.throwIfAborted();
}

export function addCheck(program: Command): void {
  program
    .command('check')
    .description('ask a server about credentials: JSON lines on standard input, or a prompt')
    .requiredOption('--url <url>', 'the server')
    .option('--key-file <file>', 'key of its dataset, hmac suite')
    .option('--public-key <key>', 'public key of its dataset, oprf suite: the line that `credveil key show` prints')
    .option(
      '--client-key-file <file>',
      'key of a client, where the server wants one: what `credveil client add` printed',
    )
    .option('--timeout <ms>', 'deadline of one check', '2000')
    .option('--json', 'print verdicts as JSON lines (always so where standard input is not a terminal)')
    .action(async (options: CheckOptions) => {
      const timeoutMs = Number(options.timeout);
      if (!Number.isInteger(timeoutMs) || timeoutMs < 1)
        throw new UsageError('--timeout is a number of milliseconds', 'Leave it out for 2000.');
      const checker = createLeakChecker({
        url: options.url,
        ...chooseKey(options),
        ...(options.clientKeyFile !== undefined && { clientKey: openClientKeyFile(options.clientKeyFile) }),
        timeoutMs,
        // Each line says why it has no answer.
        circuitBreaker: false,
      });
      const json = options.json === true || !process.stdin.isTTY;
      const interrupt = onInterrupt();
      try {
        for await (const credential of askedCredentials(interrupt.signal)) {
          const verdict = await checker.check(credential, { signal: interrupt.signal });
          interrupt.signal.throwIfAborted();
          process.stdout.write(`${json ? JSON.stringify(verdict) : describe(verdict)}\n`);
          if (verdict.status === 'unknown') {
            process.exitCode = ExitCode.failed;
            if (!json && verdict.reason !== 'NOTHING_ASKED')
              process.stderr.write('  Is the server running, and is this the key of its dataset?\n');
          }
        }
      } finally {
        interrupt.dispose();
      }
    });
}
