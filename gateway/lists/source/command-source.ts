// A list that a program writes to its standard output.

import { type ChildProcess, spawn } from 'node:child_process';
import {
  Collector,
  originOf,
  type Reading,
  type Source,
  SourceError,
  type SourceLimits,
  timedOut,
  tooLong,
} from './source.ts';

/** What a program may need; the gateway's environment may contain secrets. */
const PASSED_ON = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR'];

/** @param argv the program and its arguments; no shell reads them */
export function createCommandSource(argv: readonly string[], limits: SourceLimits): Source {
  return { origin: originOf('command', ...argv), read: (_, signal) => run(argv, limits, signal) };
}

function run(argv: readonly string[], { maxBytes, timeoutMs }: SourceLimits, signal: AbortSignal): Promise<Reading> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const [program = '', ...args] = argv;
    const env = Object.fromEntries(PASSED_ON.map((name) => [name, process.env[name]]));
    // A group of its own, so that its children end with it.
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'ignore'], detached: true });
    const collector = new Collector(maxBytes);
    const fail = (error: unknown): void => {
      reject(error);
      killGroup(child);
      child.stdout.destroy();
    };
    const stop = (): void => fail(signal.reason);
    const timer = setTimeout(() => fail(timedOut(timeoutMs)), timeoutMs);
    signal.addEventListener('abort', stop, { once: true });
    child.stdout.on('data', (block: Buffer) => {
      if (!collector.add(block)) fail(tooLong(maxBytes));
    });
    child.on('error', (cause: NodeJS.ErrnoException) => reject(cannotStart(cause)));
    child.on('close', (code) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      if (code === 0) resolve({ bytes: collector.bytes(), validator: '', confirmedAtMs: Date.now() });
      else reject(failed(code));
    });
  });
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of them have ended.
  }
}

const cannotStart = (cause: NodeJS.ErrnoException): SourceError =>
  cause.code === 'ENOENT'
    ? new SourceError('COMMAND_MISSING', "the list's command does not exist", 'Name its absolute path.', { cause })
    : new SourceError('COMMAND_FAILED', "the list's command cannot be started", 'Run it by hand as this user.', {
        cause,
      });

const failed = (code: number | null): SourceError =>
  new SourceError(
    'COMMAND_FAILED',
    code === null ? "the list's command was killed" : `the list's command ended with status ${code}`,
    'Run it by hand as this user.',
  );
