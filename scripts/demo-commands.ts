// Commands of the CLI that a demo runs on this terminal.

import { spawn } from 'node:child_process';
import readline from 'node:readline';

const bin = new URL('../cli/bin.js', import.meta.url).pathname;

/** Runs a command with its output on this terminal. */
export async function runCommand(...args: string[]): Promise<void> {
  console.log(`\n$ credveil ${args.join(' ')}`);
  const child = spawn(process.execPath, [bin, ...args], { stdio: 'inherit' });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`credveil ${args[0]} exited with code ${code}`);
}

export interface Service {
  /** The line of JSON that it prints once it listens. */
  readonly started: { readonly url?: string; readonly urls?: readonly string[] };
  stop(): Promise<void>;
}

/** Starts a server. @param onLog gets the lines of its log, which are else on this terminal */
export async function startService(args: readonly string[], onLog?: (line: string) => void): Promise<Service> {
  console.log(`\n$ credveil ${args.join(' ')}`);
  const stdio = ['ignore', 'pipe', onLog ? 'pipe' : 'inherit'] as const;
  const child = spawn(process.execPath, [bin, ...args, '--json'], { stdio: [...stdio] });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  if (child.stderr && onLog) readline.createInterface({ input: child.stderr }).on('line', onLog);
  if (!child.stdout) throw new Error('no standard output');
  const lines = readline.createInterface({ input: child.stdout });
  const line = await Promise.race([
    new Promise<string>((resolve) => lines.once('line', resolve)),
    closed.then(() => undefined),
  ]);
  if (line === undefined) throw new Error(`credveil ${args[0]} did not start`);
  const started = JSON.parse(line) as Service['started'];
  console.log(`listening on ${started.url ?? started.urls?.join(', ')}`);
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await closed;
  };
  return { started, stop };
}
