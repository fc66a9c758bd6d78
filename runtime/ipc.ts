// Questions and answers between two processes of the server, over the message port that `fork`
// gives both.
//
// The peer is one of ours, but it may be killed at any moment, hang, or be slow: the asker gets an
// answer or a named error, never silence, and the queues are bounded in both directions.

import type { ChildProcess } from 'node:child_process';
import { CredveilError } from '../protocol/errors.ts';
import { nameError } from './events.ts';

/** The questions that one side answers, as an interface of functions: payload in, reply out. */
type Contract = object; // An interface has no index signature; the types below require functions.
type Question = (payload: never) => unknown;
type PayloadOf<C extends Contract, Name extends keyof C> = C[Name] extends (payload: infer P) => unknown ? P : never;
type ReplyOf<C extends Contract, Name extends keyof C> = C[Name] extends Question
  ? Awaited<ReturnType<C[Name]>>
  : never;
type NameOf<C extends Contract> = keyof C & string;

export interface Channel<Asked extends Contract, Answered extends Contract> {
  /** @throws IpcError at the latest after `timeoutMs`, which may be Infinity */
  ask<Name extends NameOf<Asked>>(
    name: Name,
    payload: PayloadOf<Asked, Name>,
    options?: { readonly timeoutMs?: number },
  ): Promise<ReplyOf<Asked, Name>>;
  /** Sends one way. False if the peer is gone or does not read. */
  tell<Name extends NameOf<Asked>>(name: Name, payload: PayloadOf<Asked, Name>): boolean;
  /**
   * Answers asks and takes tells of this name. An error that it throws fails the ask; for a tell it
   * must not throw.
   */
  handle<Name extends NameOf<Answered>>(
    name: Name,
    answer: (payload: PayloadOf<Answered, Name>) => ReplyOf<Answered, Name> | Promise<ReplyOf<Answered, Name>>,
  ): void;
  /** Whether the peer can still be asked. */
  readonly open: boolean;
  /** Calls the listener once, when the peer is gone; at once if it already is. */
  onGone(listener: () => void): void;
}

export type IpcErrorCode = 'PEER_GONE' | 'PEER_BUSY' | 'PEER_SILENT' | 'PEER_FAILED';

/** The error that a handler of the peer threw. */
export interface PeerFailure {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** A question to another process of this server that got no answer. */
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
  readonly timer: NodeJS.Timeout | undefined;
}

export interface ChannelOptions {
  /** Limit of unanswered asks, and of unsent messages. Default 1,024. */
  readonly maxWaiting?: number;
  /** Default timeout of an ask. Default 10,000. */
  readonly timeoutMs?: number;
}

/** @param port a forked process, or `process` in one */
export function openChannel<Asked extends Contract, Answered extends Contract>(
  port: ChildProcess | NodeJS.Process,
  options: ChannelOptions = {},
): Channel<Asked, Answered> {
  return new PortChannel<Asked, Answered>(port, options);
}

/** Owns the questions that wait for an answer, and the handlers of those that come in. */
class PortChannel<Asked extends Contract, Answered extends Contract> implements Channel<Asked, Answered> {
  readonly #port: ChildProcess | NodeJS.Process;
  readonly #maxWaiting: number;
  readonly #timeoutMs: number;
  readonly #pending = new Map<number, Pending>();
  readonly #handlers = new Map<string, (payload: unknown) => unknown>();
  readonly #goneListeners: (() => void)[] = [];
  #unsent = 0;
  #lastId = 0;
  #open: boolean;

  constructor(port: ChildProcess | NodeJS.Process, { maxWaiting = 1024, timeoutMs = 10_000 }: ChannelOptions) {
    this.#port = port;
    this.#maxWaiting = maxWaiting;
    this.#timeoutMs = timeoutMs;
    this.#open = port.connected === true;
    port.on('message', (received: unknown) => this.#receive(received));
    port.on('disconnect', () => this.#close());
  }

  get open(): boolean {
    return this.#open;
  }

  ask<Name extends NameOf<Asked>>(
    name: Name,
    payload: PayloadOf<Asked, Name>,
    { timeoutMs = this.#timeoutMs }: { readonly timeoutMs?: number } = {},
  ): Promise<ReplyOf<Asked, Name>> {
    if (this.#pending.size >= this.#maxWaiting) return Promise.reject(peerBusy());
    const id = ++this.#lastId;
    return new Promise<unknown>((resolve, reject) => {
      const silent = (): void => this.#settle(id)?.reject(peerSilent());
      const timer = timeoutMs === Number.POSITIVE_INFINITY ? undefined : setTimeout(silent, timeoutMs);
      this.#pending.set(id, { resolve, reject, timer });
      const failed = this.#post({ credveil: 'ask', id, name, payload });
      if (failed) this.#settle(id)?.reject(failed);
    }) as Promise<ReplyOf<Asked, Name>>;
  }

  tell<Name extends NameOf<Asked>>(name: Name, payload: PayloadOf<Asked, Name>): boolean {
    return this.#post({ credveil: 'tell', name, payload }) === undefined;
  }

  handle<Name extends NameOf<Answered>>(
    name: Name,
    answer: (payload: PayloadOf<Answered, Name>) => ReplyOf<Answered, Name> | Promise<ReplyOf<Answered, Name>>,
  ): void {
    this.#handlers.set(name, answer as (payload: unknown) => unknown);
  }

  onGone(listener: () => void): void {
    if (this.#open) this.#goneListeners.push(listener);
    else listener();
  }

  /** @returns the error if the message cannot be sent */
  #post(message: Message): IpcError | undefined {
    if (!this.#open) return peerGone();
    if (this.#unsent >= this.#maxWaiting) return peerBusy();
    this.#unsent++;
    this.#port.send?.(message, undefined, undefined, (error) => {
      this.#unsent--;
      if (error) this.#close();
    });
    return undefined;
  }

  #receive(received: unknown): void {
    const message = asMessage(received);
    if (!message) return;
    if (message.credveil === 'ask') void this.#answer(message);
    else if (message.credveil === 'tell') void Promise.resolve(this.#handlers.get(message.name)?.(message.payload));
    else {
      const { id, reply, failure } = message;
      const pending = this.#settle(id);
      if (failure) pending?.reject(new IpcError('PEER_FAILED', failure.message, failure.hint, failure));
      else pending?.resolve(reply);
    }
  }

  async #answer({ id, name, payload }: Extract<Message, { credveil: 'ask' }>): Promise<void> {
    let message: Message;
    try {
      const handler = this.#handlers.get(name);
      if (!handler) throw new IpcError('PEER_FAILED', `nothing answers ${name}`, 'Run one version in all processes.');
      message = { credveil: 'reply', id, reply: await handler(payload) };
    } catch (error) {
      message = { credveil: 'reply', id, failure: describeFailure(error) };
    }
    // If it cannot be sent, the asker learns that from its own timeout or from our end.
    this.#post(message);
  }

  /** Takes a question off the list of those that wait. Undefined if it no longer waits. */
  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    clearTimeout(pending?.timer);
    this.#pending.delete(id);
    return pending;
  }

  #close(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(peerGone());
    for (const listener of this.#goneListeners.splice(0)) listener();
  }
}

/** Other libraries may use the port too: their messages are ignored. */
function asMessage(received: unknown): Message | undefined {
  const kind = (received as { credveil?: unknown } | null)?.credveil;
  return kind === 'ask' || kind === 'tell' || kind === 'reply' ? (received as Message) : undefined;
}

/** Our own error messages are fixed text. Those of others may hold anything and are not sent. */
function describeFailure(error: unknown): PeerFailure {
  const { code, hint } = nameError(error);
  return { code, hint, message: error instanceof CredveilError ? error.message : `failed with ${code}` };
}

const peerGone = (): IpcError =>
  new IpcError('PEER_GONE', 'the other process of this server is gone', 'Try again: the process is being restarted.');
const peerBusy = (): IpcError =>
  new IpcError('PEER_BUSY', 'too many messages wait for the other process of this server', 'Try again later.');
const peerSilent = (): IpcError =>
  new IpcError('PEER_SILENT', 'the other process of this server did not answer in time', 'Try again later.');
