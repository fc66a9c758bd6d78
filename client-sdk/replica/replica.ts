// @credveil/client/replica: a copy of the service on disk, for the option `replica` of a checker in
// Node. Checks are answered from the copy, so that nobody learns of them.

import { LookupError } from '../errors.ts';
import { orExplain } from '../explain.ts';
import { assertNames, malformed, parseInteger } from '../option-values.ts';
import type { Endpoint, ServerAddress } from '../options.ts';
import { parseAddress } from '../parse-endpoints.ts';
import { createSend } from '../transport/requests.ts';
import type { Attachable, AttachedReplica, InspectedReplica, InspectOptions, ReplicaContext } from './attachable.ts';
import { aboutFolder, aboutRead } from './failures.ts';
import { ReplicaFolder } from './folder.ts';
import type { PulledReplica, PullOptions, Replica } from './handle.ts';
import { inspectFolder } from './inspect.ts';
import { pullReplica } from './pull.ts';
import { NODE_HASHES, ReplicaReader } from './reading.ts';

export type { PulledReplica, PullOptions, PullProgress, Replica } from './handle.ts';

/**
 * Options of a replica.
 * @example
 * ```ts
 * import { createReplica, type ReplicaOptions } from '@credveil/client/replica';
 *
 * const options: ReplicaOptions = { cache, refreshMs: 3_600_000 };
 * const replica = createReplica(options);
 * ```
 */
export interface ReplicaOptions {
  /** Folder of the copy, of this dataset alone. Processes may share it. */
  readonly cache: string;
  /**
   * The server that the copy is fetched from, with what it requires of a client. Default: the
   * checker's server of buckets.
   */
  readonly from?: ServerAddress;
  /**
   * Milliseconds between updates, more or less by a quarter; the first is due with the first check.
   * Default 600,000; 0: none, since `pull` or `credveil replica pull` makes them.
   */
  readonly refreshMs?: number;
  /** Called after each update, with the error of one that failed. */
  readonly onPull?: (event: PullEvent) => void;
}

/**
 * The outcome of an update that the replica made by itself.
 * @example
 * ```ts
 * import { createReplica, type PullEvent } from '@credveil/client/replica';
 *
 * const onPull = ({ error }: PullEvent): void => {
 *   if (error) log.warn(error.code);
 * };
 * const replica = createReplica({ cache, onPull });
 * ```
 */
export interface PullEvent {
  readonly pulled?: PulledReplica;
  readonly error?: LookupError;
}

const NAMES: { readonly [name in keyof ReplicaOptions]-?: true } = {
  cache: true,
  from: true,
  refreshMs: true,
  onPull: true,
};
/** Of the names of options in errors. */
const WITHIN = 'replica.';
const REFRESH_MS = 600_000;
const MAX_MS = 2 ** 30;
/** How long `pull` waits for a checker that is being created. */
const ATTACH_MS = 10_000;

/**
 * Creates a replica, which does nothing before the first check, or `pull`.
 * @throws LookupError `OPTION_MALFORMED`, `KEY_MALFORMED`
 * @example
 * ```ts
 * import { createLeakChecker } from '@credveil/client';
 * import { createReplica } from '@credveil/client/replica';
 *
 * const replica = createReplica({ cache, from });
 * const leaks = createLeakChecker({ url, key, replica });
 * await replica.pull();
 *
 * const { status } = await leaks.check({ username, password });
 * console.log(status); // pair
 * replica.close();
 * ```
 */
export function createReplica(options: ReplicaOptions): Replica {
  assertNames(options, NAMES, WITHIN);
  const { cache, from, onPull } = options;
  if (typeof cache !== 'string' || cache === '')
    throw malformed(`${WITHIN}cache`, 'not a folder', 'Pass the path of a folder for this dataset alone.');
  if (onPull !== undefined && typeof onPull !== 'function')
    throw malformed(`${WITHIN}onPull`, 'not a function', 'Pass a function, or omit it.');
  const refreshMs = parseInteger(`${WITHIN}refreshMs`, options.refreshMs ?? REFRESH_MS, 0, MAX_MS);
  const endpoint = from === undefined ? undefined : parseAddress(`${WITHIN}from`, from);
  return new DiskReplica(new ReplicaFolder(cache), endpoint, refreshMs, onPull);
}

class DiskReplica implements Attachable {
  readonly hashes = NODE_HASHES;
  readonly #folder: ReplicaFolder;
  /** One for each checker. */
  readonly #readers = new Set<ReplicaReader>();
  readonly #from: Endpoint | undefined;
  readonly #refreshMs: number;
  readonly #onPull: ReplicaOptions['onPull'];
  readonly #attached = Promise.withResolvers<ReplicaContext>();
  #timer: NodeJS.Timeout | undefined;
  #updating: AbortController | undefined;

  constructor(folder: ReplicaFolder, from: Endpoint | undefined, refreshMs: number, onPull: ReplicaOptions['onPull']) {
    this.#folder = folder;
    this.#from = from;
    this.#refreshMs = refreshMs;
    this.#onPull = onPull;
  }

  attach(context: ReplicaContext): AttachedReplica {
    this.#attached.resolve(
      this.#from ? { ...context, network: createSend({ ...context.settings, ...this.#from }) } : context,
    );
    const reader = new ReplicaReader(this.#folder);
    this.#readers.add(reader);
    const refuse = (error: unknown): never => {
      throw aboutRead(this.#folder.at(), error);
    };
    return {
      refuse,
      send: async (request) => {
        if (request.to) return context.network(request);
        this.#keepFresh();
        return reader.document(request.path, request.maxBytes);
      },
      read: (snapshot, index, id) => reader.read(snapshot, index, id),
      assertHeld: (snapshot) => {
        try {
          reader.assertHeld(snapshot);
        } catch (error) {
          refuse(error);
        }
      },
    };
  }

  async pull(options: PullOptions = {}): Promise<PulledReplica> {
    const context = await this.#context();
    return orExplain(() =>
      pullReplica(this.#folder, context, options).catch((error: unknown) => {
        throw aboutFolder(this.#folder.at(), error);
      }),
    );
  }

  async inspect(options: InspectOptions = {}): Promise<InspectedReplica> {
    const context = await this.#context();
    return orExplain(() =>
      inspectFolder(this.#folder, context, options).catch((error: unknown) => {
        throw aboutRead(this.#folder.at(), error);
      }),
    );
  }

  /** Of the checker that has the replica. @throws LookupError `OPTION_MALFORMED` if none has it */
  async #context(): Promise<ReplicaContext> {
    const late = new LookupError(
      'OPTION_MALFORMED',
      'option replica: not passed to a checker',
      'Pass the replica to createLeakChecker, which has the pinned line, before its first pull.',
    );
    const timer = Promise.withResolvers<never>();
    const waiting = setTimeout(() => timer.reject(late), ATTACH_MS);
    return Promise.race([this.#attached.promise, timer.promise]).finally(() => clearTimeout(waiting));
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#updating?.abort();
    this.#closeFiles();
  }

  /** Updates have a timer of their own: none tells when somebody logged in. */
  #keepFresh(): void {
    if (this.#refreshMs === 0 || this.#timer) return;
    this.#updateIn(this.#isRecent() ? this.#pause() : 0);
  }

  #pause(): number {
    return this.#refreshMs * (0.75 + Math.random() / 2);
  }

  #updateIn(ms: number): void {
    const timer = setTimeout(async () => {
      await this.#update();
      this.#closeFiles();
      if (this.#timer === timer) this.#updateIn(this.#pause());
    }, ms);
    this.#timer = timer.unref();
  }

  /** Whether another process has just updated it. */
  #isRecent(): boolean {
    return this.#folder.confirmedAgeMs() < this.#refreshMs / 2;
  }

  async #update(): Promise<void> {
    if (this.#isRecent()) return;
    this.#updating = new AbortController();
    try {
      this.#tell({ pulled: await this.pull({ signal: this.#updating.signal }) });
    } catch (error) {
      // `pull` rejects with nothing else.
      const { code } = error as LookupError;
      if (code !== 'REPLICA_BUSY' && code !== 'ABORTED') this.#tell({ error: error as LookupError });
    }
  }

  #tell(event: PullEvent): void {
    try {
      // The hook may be async in spite of its type.
      Promise.resolve(this.#onPull?.(event)).catch(() => {});
    } catch {
      // A listener that fails ends neither updates nor the process.
    }
  }

  /** What is open may be of a snapshot that was removed, and keeps its place on the disk. */
  #closeFiles(): void {
    for (const reader of this.#readers) reader.close();
  }
}
