// Runs `credveil` commands in processes that go on to the next command, so that Node starts and the
// modules load once for a test file: a start takes longer than most commands.

import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type net from 'node:net';
import { bin, program } from '../paths.ts';

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Command {
  readonly args: readonly string[];
  readonly input: Buffer;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** What stdout and stderr end with. */
  readonly mark: string;
}

export interface Ended {
  readonly code: number;
}

const idle: ChildProcess[] = [];

/**
 * Runs a command in an idle process, or in a new one. It reads `input` as from a pipe.
 * @param timeout milliseconds after which the process is killed, and the exit code is null
 */
export async function runHosted(command: Omit<Command, 'mark'>, timeout?: number): Promise<Outcome> {
  const host = idle.pop() ?? startHost();
  const deadline = timeout === undefined ? undefined : setTimeout(() => host.kill('SIGKILL'), timeout);
  const mark = `\n${randomUUID()}\n`;
  const stdout = collect(host.stdout as NodeJS.ReadableStream, mark);
  const stderr = collect(host.stderr as NodeJS.ReadableStream, mark);
  const code = await new Promise<number | null>((resolve, reject) => {
    let ended: number | undefined;
    const finish = (ofProcess: number | null, signal: NodeJS.Signals | null): void => {
      clearTimeout(deadline);
      host.off('message', onMessage).off('close', finish).off('error', reject);
      stdout.stop();
      stderr.stop();
      // A process that something else has ended is told apart from a command that failed.
      if (signal !== null && timeout === undefined)
        reject(new Error(`credveil ${command.args.join(' ')}: ended by ${signal}\n${stderr.text()}`));
      else resolve(ended ?? ofProcess);
    };
    const onMessage = ({ code: ofCommand }: Ended): void => {
      ended = ofCommand;
      Promise.all([stdout.marked, stderr.marked]).then(() => {
        finish(null, null);
        keepAlive(host, false);
        idle.push(host);
      });
    };
    host.on('message', onMessage).on('close', finish).on('error', reject);
    keepAlive(host, true);
    host.send({ ...command, mark });
  });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

function startHost(): ChildProcess {
  return spawn(process.execPath, [program('command-host.ts'), bin], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'advanced',
  });
}

/** An idle process ends when this one does, and does not keep it. */
function keepAlive(host: ChildProcess, isBusy: boolean): void {
  const parts = [host, host.channel, host.stdout as net.Socket | null, host.stderr as net.Socket | null];
  for (const part of parts) isBusy ? part?.ref() : part?.unref();
}

/** What a stream brings, up to the mark if that comes. */
function collect(stream: NodeJS.ReadableStream, mark: string) {
  const blocks: Buffer[] = [];
  const end = Buffer.from(mark);
  let tail = Buffer.alloc(0);
  const { promise: marked, resolve } = Promise.withResolvers<void>();
  const onData = (block: Buffer): void => {
    blocks.push(block);
    tail = Buffer.concat([tail, block]).subarray(-end.length);
    if (tail.equals(end)) resolve();
  };
  stream.on('data', onData);
  return {
    marked,
    stop: () => void stream.off('data', onData),
    text: (): string => {
      const all = Buffer.concat(blocks);
      return String(tail.equals(end) ? all.subarray(0, -end.length) : all);
    },
  };
}
