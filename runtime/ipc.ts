// Questions and answers between two processes of the server, over the message port that `fork` gives both.
//
// The peer is one of ours, but it may be killed at any moment, hang, or be slow: whoever asks gets an answer or a
// named error, never silence, and what waits is bounded in both directions.

import type { ChildProcess } from 'node:child_process';
import { CredveilError } from '../protocol/errors.ts';
import { nameError } from './events.ts';

/** The questions that one side answers, as an interface of functions: what is sent with each, and what comes back. */
type Contract = object; // An interface has no index signature: that its members are functions is said below.
type Question = (payload: never) => unknown;
type PayloadOf<C extends Contract, Name extends keyof C> = C[Name] extends (payload: infer P) => unknown ? P : never;
type ReplyOf<C extends Contract, Name extends keyof C> = C[Name] extends Question
  ? Awaited<ReturnType<C[Name]>>
  : never;
type NameOf<C extends Contract> = keyof C & string;

export interface Channel<Asked extends Contract, Answered extends Contract> {
  /** @throws IpcError always a named one, and at the latest after `timeoutMs`, which may be Infinity */
  ask<Name extends NameOf<Asked>>(
    name: Name,
    payload: PayloadOf<Asked, Name>,
    options?: { readonly timeoutMs?: number },
  ): Promise<ReplyOf<Asked, Name>>;
  /** One way. False where it could not be sent: the peer is gone, or does not read. */
  tell<Name extends NameOf<Asked>>(name: Name, payload: PayloadOf<Asked, Name>): boolean;
  /** Answers asks and takes tells of this name; what it throws fails the ask, and for a tell it must not throw. */
  handle<Name extends NameOf<Answered>>(
    name: Name,
    answer: (payload: PayloadOf<Answered, Name>) => ReplyOf<Answered, Name> | Promise<ReplyOf<Answered, Name>>,
  ): void;
  /** Whether the peer can still be asked. */
  readonly open: boolean;
  /** Called once, when the peer is gone; at once where it is already. */
  onGone(listener: () => void): void;
}

export type IpcErrorCode = 'PEER_GONE' | 'PEER_BUSY' | 'PEER_SILENT' | 'PEER_FAILED';

/** What a handler of the peer threw. */
export interface PeerFailure {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** A question to another process of this server that has no answer. */
export class IpcError extends CredveilError<IpcErrorCode> {
  override name = 'IpcError';
  /** With `PEER_FAILED` alone. */
  readonly failure: PeerFailure | undefined;

  constructor(code: IpcErrorCode, message: string, hint: string, failure?: PeerFailure) {
    super(code, message, hint);
    this.failure = failure;
  }
}

type Message =
  | { readonly credveil: 'ask'; readonly id: number; readonly name: string; readonly payload?: unknown }
  | { readonly credveil: 'tell'; readonly name: string; readonly payload?: unknown }
  | { readonly credveil: 'reply'; readonly id: number; readonly reply?: unknown; readonly failure?: PeerFailure };

interface Pending {
  resolve(reply: unknown): void;
  reject(error: IpcError): void;
}

export interface ChannelOptions {
  /** Asks that wait for an answer, and messages that wait to be sent. Default 1,024. */
  readonly maxWaiting?: number;
  /** Of an ask that names none. Default 10,000. */
  readonly timeoutMs?: number;
}

/** @param port a forked process, or `process` in one */
export function openChannel<Asked extends Contract, Answered extends Contract>(
  port: ChildProcess | NodeJS.Process,
  { maxWaiting = 1024, timeoutMs: defaultTimeoutMs = 10_000 }: ChannelOptions = {},
): Channel<Asked, Answered> {
  const pending = new Map<number, Pending>();
  const handlers = new Map<string, (payload: unknown) => unknown>();
  const goneListeners: (() => void)[] = [];
  let unsent = 0;
  let lastId = 0;
  let open = port.connected === true;

  const post = (message: Message): IpcError | undefined => {
    if (!open) return peerGone();
    if (unsent >= maxWaiting) return peerBusy();
    unsent++;
    port.send?.(message, undefined, undefined, (error) => {
      unsent--;
      if (error) close();
    });
    return undefined;
  };

  const close = (): void => {
    if (!open) return;
    open = false;
    for (const { reject } of [...pending.values()]) reject(peerGone());
    for (const listener of goneListeners.splice(0)) listener();
  };

  const answer = async ({ id, name, payload }: Extract<Message, { credveil: 'ask' }>): Promise<void> => {
    let message: Message;
    try {
      const handler = handlers.get(name);
      if (!handler) throw new IpcError('PEER_FAILED', `nothing answers ${name}`, 'Run one version in all processes.');
      message = { credveil: 'reply', id, reply: await handler(payload) };
    } catch (error) {
      message = { credveil: 'reply', id, failure: describeFailure(error) };
    }
    // Where it cannot be sent, the asker's own timeout or our end tells it.
    post(message);
  };

  port.on('message', (received: unknown) => {
    const message = asMessage(received);
    if (!message) return;
    if (message.credveil === 'ask') void answer(message);
    else if (message.credveil === 'reply') {
      const { id, reply, failure } = message;
      if (failure) pending.get(id)?.reject(new IpcError('PEER_FAILED', failure.message, failure.hint, failure));
      else pending.get(id)?.resolve(reply);
    } else void Promise.resolve(handlers.get(message.name)?.(message.payload));
  });
  port.on('disconnect', close);

  return {
    ask(name, payload, { timeoutMs = defaultTimeoutMs } = {}) {
      if (pending.size >= maxWaiting) return Promise.reject(peerBusy());
      return new Promise((resolve, reject) => {
        const id = ++lastId;
        const silent = (): void => pending.get(id)?.reject(peerSilent());
        const timer = timeoutMs === Number.POSITIVE_INFINITY ? undefined : setTimeout(silent, timeoutMs);
        const settle = (): void => {
          clearTimeout(timer);
          pending.delete(id);
        };
        pending.set(id, {
          resolve(reply) {
            settle();
            resolve(reply as ReplyOf<Asked, typeof name>);
          },
          reject(error) {
            settle();
            reject(error);
          },
        });
        const failed = post({ credveil: 'ask', id, name, payload });
        if (failed) pending.get(id)?.reject(failed);
      });
    },
    tell: (name, payload) => post({ credveil: 'tell', name, payload }) === undefined,
    handle(name, handler) {
      handlers.set(name, handler as (payload: unknown) => unknown);
    },
    get open() {
      return open;
    },
    onGone(listener) {
      if (open) goneListeners.push(listener);
      else listener();
    },
  };
}

/** Other libraries may use the port too: what is not ours is left alone. */
function asMessage(received: unknown): Message | undefined {
  const kind = (received as { credveil?: unknown } | null)?.credveil;
  return kind === 'ask' || kind === 'tell' || kind === 'reply' ? (received as Message) : undefined;
}

/** Messages of our own errors are made of our own words; those of others may say anything and stay here. */
function describeFailure(error: unknown): PeerFailure {
  const { code, hint } = nameError(error);
  return { code, hint, message: error instanceof CredveilError ? error.message : `failed with ${code}` };
}

const peerGone = (): IpcError =>
  new IpcError('PEER_GONE', 'the other process of this server is gone', 'Ask again: it is started anew.');
const peerBusy = (): IpcError =>
  new IpcError('PEER_BUSY', 'too much waits for the other process of this server', 'Ask again later.');
const peerSilent = (): IpcError =>
  new IpcError('PEER_SILENT', 'the other process of this server did not answer in time', 'Ask again later.');
