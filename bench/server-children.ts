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
    }
  /** A constant body from node:http alone. */
  | { readonly bodyBytes: number };

export interface ServerChild {
  readonly port: number;
  /** User and system time since it started. */
  cpuMs(): Promise<number>;
  stop(): void;
}

export async function startServerChild(kind: ServerKind): Promise<ServerChild> {
  const child = fork(new URL('./server-process.ts', import.meta.url));
  child.send(kind);
  const { port } = await answer<{ port: number }>(child);
  return {
    port,
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
