// Servers in their own processes, and the CPU time they have used.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

export type ServerKind =
  | {
      readonly folder: string;
      /** Under `oprf`. Sent in a message, since any user of the machine can read arguments. */
      readonly keyText?: string;
      readonly port?: number;
      readonly reusePort?: boolean;
      readonly maxHeldBytes?: number;
    }
  /** Sends a constant body with node:http alone. */
  | { readonly bodyBytes: number }
  /** Sends a folder's files with node:http alone, from memory, with these headers and a length. */
  | { readonly bodiesFolder: string; readonly headers: readonly string[] };

export interface ServerChild {
  readonly port: number;
  readonly pid: number;
  /** User and system time since the start. */
  cpuMs(): Promise<number>;
  stop(): void;
}

/** @param core pins all threads to this core; unpinned if omitted */
export async function startServerChild(kind: ServerKind, core?: number): Promise<ServerChild> {
  const pinned = core === undefined ? {} : { execPath: 'taskset', execArgv: ['-c', String(core), process.execPath] };
  const child = fork(new URL('./server-process.ts', import.meta.url), pinned);
  child.send(kind);
  const { port } = await answer<{ port: number }>(child);
  return {
    port,
    pid: child.pid ?? 0,
    async cpuMs() {
      child.send('cpu');
      return (await answer<{ cpuMs: number }>(child)).cpuMs;
    },
    stop: () => child.disconnect(),
  };
}

/** The child's next message. Rejects if the child exits first. */
export async function answer<Message>(child: ChildProcess): Promise<Message> {
  const ended = new AbortController();
  const message = once(child, 'message', { signal: ended.signal });
  const exit = (): void => ended.abort(new Error('a process of the benchmark exited'));
  child.once('exit', exit);
  try {
    return (await message)[0] as Message;
  } finally {
    child.off('exit', exit);
  }
}
