// Servers in processes of their own, and what CPU time they have used.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

export type ServerKind =
  | {
      readonly folder: string;
      /** Under `oprf`. Sent as a message, since everyone on the machine can read arguments. */
      readonly keyText?: string;
      readonly port?: number;
      readonly reusePort?: boolean;
      readonly maxHeldBytes?: number;
    }
  /** A constant body from node:http alone. */
  | { readonly bodyBytes: number }
  /** The files of a folder from node:http alone, held in memory. */
  | { readonly bodiesFolder: string };

export interface ServerChild {
  readonly port: number;
  readonly pid: number;
  /** User and system time since it started. */
  cpuMs(): Promise<number>;
  stop(): void;
}

/** @param core the one that all of its threads stay on; any where it is left out */
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

/** The next message of a child. Rejects where it ends instead. */
export async function answer<Message>(child: ChildProcess): Promise<Message> {
  const ended = new AbortController();
  const message = once(child, 'message', { signal: ended.signal });
  const exit = (): void => ended.abort(new Error('a process of the bench ended'));
  child.once('exit', exit);
  try {
    return (await message)[0] as Message;
  } finally {
    child.off('exit', exit);
  }
}
