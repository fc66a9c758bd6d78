// Runs `credveil` commands one after another in this process, which
// test/support/machine/command-hosts.ts starts.
//
// A command ends as in a process of its own: when nothing is left to wait for, or when it calls
// process.exit, which ends this process too. Only the modules that are loaded stay.

import type { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import type { Command, Ended } from '../machine/command-hosts.ts';

const main = new URL('../../../cli/main.ts', import.meta.url);
const bin = process.argv[2] ?? '';
const { channel } = process;
if (channel === undefined || channel === null || process.send === undefined) throw new Error('start it with a channel');

let runs = 0;
let running: { readonly mark: string; settled: boolean } | undefined;

process.on('message', ({ args, input, cwd, env, mark }: Command) => {
  running = { mark, settled: false };
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
  process.chdir(cwd);
  process.argv = [process.execPath, bin, ...args];
  process.exitCode = undefined;
  const stdin = Readable.from(input.length > 0 ? [Buffer.from(input)] : [], { objectMode: false });
  Object.defineProperty(process, 'stdin', { value: stdin, configurable: true });
  // Waiting for the next command is no reason to go on.
  channel.unref();
  runs++;
  import(`${main.href}?run=${runs}`).then(
    () => {
      if (running) running.settled = true;
    },
    (error) => setImmediate(() => Promise.reject(error)),
  );
});

// The tests are over, or were killed.
process.on('disconnect', () => process.exit());

process.on('beforeExit', () => {
  if (!running) return;
  const { mark, settled } = running;
  running = undefined;
  // As Node does of a module that waits for what never comes.
  if (!settled) process.exit(13);
  const code = Number(process.exitCode ?? 0);
  for (const listener of added(process, 'exit')) listener.call(process, code);
  for (const emitter of EMITTERS)
    for (const name of emitter.eventNames()) for (const listener of added(emitter, name)) emitter.off(name, listener);
  channel.ref();
  process.stdout.write(mark);
  process.stderr.write(mark);
  process.send?.({ code } satisfies Ended);
});

const EMITTERS: readonly EventEmitter[] = [process, process.stdout, process.stderr];
const own = new Map(
  EMITTERS.map((emitter) => [
    emitter,
    new Map(emitter.eventNames().map((name) => [name, new Set(emitter.listeners(name))])),
  ]),
);

type Listener = (...args: unknown[]) => void;

/** The listeners that a command has added. */
function added(emitter: EventEmitter, name: string | symbol): Listener[] {
  const before = own.get(emitter)?.get(name);
  return (emitter.listeners(name) as Listener[]).filter((listener) => !before?.has(listener));
}
