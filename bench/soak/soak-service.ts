// `credveil serve` with workers: its events as they arrive, and its process ids.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../cli/bin.js', import.meta.url));

export interface ServiceEvent {
  readonly event: string;
  readonly worker?: number;
  readonly pid?: number;
  readonly snapshot?: string;
  readonly [field: string]: unknown;
}

export interface SoakService {
  readonly url: string;
  readonly port: number;
  readonly child: ChildProcess;
  readonly events: readonly ServiceEvent[];
  /** The newest process of a worker. */
  pidOf(worker: number): number;
  /** Waits until `done` is true of all events so far. */
  until(done: (events: readonly ServiceEvent[]) => boolean): Promise<void>;
  stop(): Promise<void>;
}

export async function startService(args: readonly string[]): Promise<SoakService> {
  const child = spawn(process.execPath, [bin, 'serve', ...args, '--listen', '127.0.0.1:0', '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const events: ServiceEvent[] = [];
  readline.createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.startsWith('{')) events.push(JSON.parse(line) as ServiceEvent);
    else console.error(line);
  });
  const [line] = (await once(readline.createInterface({ input: child.stdout }), 'line')) as [string];
  const { url } = JSON.parse(line) as { url: string };
  const exited = once(child, 'exit');
  return {
    url,
    port: Number(new URL(url).port),
    child,
    events,
    pidOf: (worker) => events.findLast((each) => each.event === 'worker-ready' && each.worker === worker)?.pid ?? 0,
    async until(done) {
      while (!done(events)) {
        if (child.exitCode !== null) throw new Error('the service ended');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async stop() {
      child.kill('SIGTERM');
      const [code] = await exited;
      if (code !== 0) throw new Error(`the service ended with ${code}`);
    },
  };
}
