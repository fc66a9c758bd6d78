// The state in the process that starts the workers: opened once a configuration needs it, and asked
// by all of them.

import path from 'node:path';
import type { OnEvent } from '../../runtime/events.ts';
import { type Channel, IpcError } from '../../runtime/ipc.ts';
import { gauge, type Metric } from '../../runtime/observe/metric.ts';
import type { GatewayConfig } from '../config/schema.ts';
import type { FactorAdmin } from '../factors/factor-admin.ts';
import { answerFactors, createRemoteFactors, type FactorQuestion } from '../factors/factor-peer.ts';
import { createKnowsPerson } from '../identity/known-people.ts';
import { type EndRequest, SessionBook, type SessionPage } from '../identity/sessions/session-book.ts';
import { SessionStore } from '../identity/sessions/session-store.ts';
import { LimitBook } from '../limits/limit-book.ts';
import { LimitKeys } from '../limits/limit-keys.ts';
import type { BanPage, LiftRequest } from '../limits/limit-messages.ts';
import { answerLimits, createRemotePeer, type LimitQuestion } from '../limits/limit-peer.ts';
import type { ProcessState } from '../limits/process-state.ts';
import { answerBatch, away, type BatchAnswer } from '../state/batches.ts';
import { deriveKey, openGatewayKey } from '../state/gateway-key.ts';
import { assertKeyOf } from '../state/key-mark.ts';
import { answerState, RemoteState, type StateQuestion } from '../state/remote-state.ts';
import { openSqliteState, type SqliteState } from '../state/sqlite-state.ts';
import { StateError } from '../state/state.ts';
import { KeptFactors } from './kept-factors.ts';
import type { PrimaryAnswers, WorkerAnswers } from './messages.ts';

/** Longer than a process waits for an application, and shorter than others wait for this one. */
const ANNOUNCED_MS = 8_500;

interface Opened {
  readonly state: SqliteState;
  readonly book: LimitBook;
  readonly sessions: SessionBook;
  readonly factors: KeptFactors;
}

type WorkerChannel = Channel<WorkerAnswers, PrimaryAnswers>;

export class KeptState {
  readonly #onEvent: OnEvent;
  readonly #workers = new Set<WorkerChannel>();
  readonly #here: RemoteState;
  #key: Uint8Array | undefined;
  #opened: Opened | undefined;

  constructor(onEvent: OnEvent) {
    this.#onEvent = onEvent;
    this.#here = new RemoteState((questions) => this.#answerState(questions));
  }

  /** @throws StateError if the configuration needs a state that cannot be used */
  start(config: GatewayConfig): void {
    const { stateDirectory } = config;
    try {
      if (stateDirectory !== undefined) this.#key = openGatewayKey(stateDirectory);
    } catch (error) {
      if (needsState(config)) throw error;
    }
    this.open(config);
  }

  /** For a configuration that replaces another. @throws StateError */
  open(config: GatewayConfig): void {
    if (this.#opened) {
      this.#opened.factors.use(config);
      this.#endUnknown(config);
    }
    if (this.#opened || !needsState(config)) return;
    const { stateDirectory = '.', state: { sqliteFile } = {} } = config;
    // Processes that have started without the key would not get it.
    if (!this.#key) throw restartNeeded();
    const file = sqliteFile ?? path.join(stateDirectory, 'state.sqlite');
    const state = openSqliteState({ file, onEvent: this.#onEvent });
    state.topics.onAny((topic, message) => this.#tell(topic, message));
    state.topics.onAnnounced((topic, message) => this.#announce(topic, message));
    const store = new SessionStore(state, deriveKey(this.#key, 'sessions'));
    const factors = new KeptFactors({ state, key: this.#key, sessions: store, onEvent: this.#onEvent });
    try {
      assertKeyOf(state, file, this.#key);
      factors.use(config);
    } catch (error) {
      state.close();
      throw error;
    }
    this.#opened = { state, book: new LimitBook(state), sessions: new SessionBook(state, store), factors };
    this.#endUnknown(config);
  }

  /** Workers refuse them meanwhile, and where the state does not answer. */
  #endUnknown({ identity }: GatewayConfig): void {
    void this.#opened?.sessions.endUnknown(createKnowsPerson(identity)).catch(() => undefined);
  }

  get key(): Uint8Array | undefined {
    return this.#key;
  }

  /** For a gateway in this process. */
  here(): ProcessState | undefined {
    const limits = createRemotePeer((questions) => this.#answerLimits(this, questions));
    const factors = createRemoteFactors((questions) => this.#answerFactors(questions));
    return this.#key && { state: this.#here, limits, factors, key: this.#key };
  }

  /** Answers a worker. What it has not settled when it ends counts. */
  connect(channel: WorkerChannel): void {
    this.#workers.add(channel);
    channel.handle('state', (questions) => this.#answerState(questions));
    channel.handle('limits', (questions) => this.#answerLimits(channel, questions));
    channel.handle('factors', (questions) => this.#answerFactors(questions));
    channel.onGone(() => {
      this.#workers.delete(channel);
      void this.#opened?.book.release(channel);
    });
  }

  /** Bans in force, page by page. */
  async bans(after?: string): Promise<BanPage> {
    if (!this.#opened) return { bans: [], total: 0 };
    await this.#opened.state.settled();
    return this.#opened.book.bans.page(after);
  }

  /** @returns whether there was something to lift */
  async lift(request: LiftRequest): Promise<boolean> {
    if (!this.#opened || !this.#key) return false;
    const { book } = this.#opened;
    if ('id' in request) return book.lift(request);
    return book.lift({ name: new LimitKeys(this.#key).nameOf(request.app, request.username) });
  }

  /** Sessions of people, page by page. */
  async sessions(after?: string): Promise<SessionPage> {
    await this.#opened?.state.settled();
    return this.#opened?.sessions.page(after) ?? { sessions: [], next: undefined };
  }

  /** @returns how many ended */
  async endSessions(request: EndRequest): Promise<number> {
    return (await this.#opened?.sessions.end(request)) ?? 0;
  }

  /** Users and their factors. @throws StateError without a state */
  get users(): FactorAdmin {
    return this.#open.factors.admin;
  }

  /** None without a state. */
  metrics(): Metric[] {
    if (!this.#opened) return [];
    const { state } = this.#opened;
    const one = (name: string, help: string, value: number): Metric =>
      gauge(`credveil_gateway_${name}`, help, [{ value }], 'sum');
    return [
      one('bans', 'Bans in force, of all limits on logins.', state.sizeOf('ban')),
      one('limit_windows', 'Keys whose attempts are counted now.', state.windows.size),
      one('state_failing', '1 where what is written to the state would be lost.', Number(state.isFailing)),
    ];
  }

  close(): void {
    this.#opened?.state.close();
    this.#opened = undefined;
  }

  #answerState(questions: readonly StateQuestion[]): Promise<BatchAnswer[]> {
    return answerBatch(questions, (each) => answerState(this.#open.state, each));
  }

  #answerLimits(holder: object, questions: readonly LimitQuestion[]): Promise<BatchAnswer[]> {
    return answerBatch(questions, (each) => answerLimits(this.#open.book, holder, each));
  }

  #answerFactors(questions: readonly FactorQuestion[]): Promise<BatchAnswer[]> {
    return answerBatch(questions, (each) => answerFactors(this.#open.factors.peer, each));
  }

  #tell(topic: string, message: string): void {
    void this.#here.receive(topic, message).catch(() => undefined);
    for (const channel of this.#workers) channel.tell('published', { topic, message });
  }

  /** A process that has ended has nothing left to do about it. */
  async #announce(topic: string, message: string): Promise<void> {
    const here = this.#here.receive(topic, message);
    const asked = [...this.#workers].map((channel) =>
      channel.ask('published', { topic, message }, { timeoutMs: ANNOUNCED_MS }).catch((error: unknown) => {
        if (!(error instanceof IpcError) || error.code !== 'PEER_GONE') throw away();
      }),
    );
    await Promise.all([here, ...asked]);
  }

  /** @throws StateError */
  get #open(): Opened {
    if (!this.#opened) throw away();
    return this.#opened;
  }
}

/** Only logins, sessions, and what applications are told of people need it. */
const needsState = ({ apps, state, identity, auth }: GatewayConfig): boolean =>
  state !== undefined ||
  Object.keys(identity).length > 0 ||
  Object.values(apps).some(({ login, access }) => login !== undefined || (access !== undefined && auth !== undefined));

const restartNeeded = (): StateError =>
  new StateError(
    'GATEWAY_KEY_UNREADABLE',
    'the gateway started without its key',
    'Let this user write to stateDirectory, and restart the gateway.',
  );
