// Keeps one list up to date: reads its source again and again, judges what it delivers, and keeps
// the last good copy.

import { CredveilError } from '../../protocol/errors.ts';
import { nameError, type OnEvent } from '../../runtime/events.ts';
import { buildAside } from './build/build-aside.ts';
import type { BuildReport } from './build/build-list.ts';
import type { ListCopies, ListCopy } from './copies/list-copies.ts';
import { assertPlausible, RefusedListError } from './guards.ts';
import type { ConfiguredSource } from './list-source.ts';
import type { Reading } from './source/source.ts';
import { digestInTurns } from './table/digest.ts';
import { type ListSize, sizeOf } from './table/list-image.ts';

const FIRST_RETRY_MS = 60_000;
/** Of the interval, so that gateways that were started together ask at different times. */
const JITTER = 0.1;
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface KeeperOptions {
  readonly name: string;
  readonly configured: ConfiguredSource;
  readonly copies: ListCopies;
  readonly onEvent: OnEvent;
  /** There is a new copy in the folder. */
  readonly onCopy: () => Promise<unknown>;
  readonly onConfirmed: (atMs: number, content: string) => void;
  /** Whether rules still count the list as known. */
  readonly isKnown: () => boolean;
}

export class ListKeeper {
  readonly #options: KeeperOptions;
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  /** One after another: what reads the source, and what accepts a refused list. */
  #turn: Promise<unknown> = Promise.resolve();
  #size: ListSize | undefined;
  #content = '';
  #validator = '';
  /** Undefined if no guard keeps the list back; empty if what it keeps back could not be kept. */
  #refusedContent: string | undefined;
  #leftOut = 0;
  /** What the other processes know; a file is looked at every few seconds. */
  #confirmedAtMs = 0;
  #failures = 0;
  #wasKnown = true;
  /** Of the last attempt; undefined after a success. */
  lastError: string | undefined;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  get entries(): number {
    return this.#size?.entries ?? 0;
  }

  /** A guard refused what the source delivers. */
  get isRefused(): boolean {
    return this.#refusedContent !== undefined;
  }

  /** Entries of the source that no feed may contain. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /** Goes on from a copy of an earlier run. @returns when the first attempt is over */
  async start(copy: ListCopy | undefined): Promise<void> {
    const { everyMs, isLocal } = this.#options.configured;
    if (copy) this.#take(copy);
    const ageMs = copy && !isLocal ? Math.abs(Date.now() - copy.confirmedAtMs) : Number.POSITIVE_INFINITY;
    if (ageMs < everyMs) this.#schedule(everyMs - ageMs);
    else await this.refresh();
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('the gateway stops'));
    clearTimeout(this.#timer);
    await this.#turn;
  }

  /** Reads the source now, and plans the next time. */
  refresh(): Promise<void> {
    return this.#next(async () => {
      clearTimeout(this.#timer);
      try {
        await this.#read();
        this.#failures = 0;
        if (this.#isSpared) this.#report(new CopyNotKept());
        else this.lastError = undefined;
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        this.#failures = isRefusal(error) ? 0 : this.#failures + 1;
        this.#report(error);
      }
      this.#reportAge();
      this.#schedule(this.#pauseMs());
    });
  }

  /** Repeats what is in use, for processes that missed it. */
  announce(): void {
    if (this.#content !== '') this.#options.onConfirmed(this.#confirmedAtMs, this.#content);
  }

  /** Puts a list in force that a guard refused. @returns false if there is none */
  accept(): Promise<boolean> {
    return this.#next(async () => {
      const { name, configured, copies } = this.#options;
      const pending = await copies.readPending(name, configured.origin);
      if (pending === undefined || pending === 'damaged') return false;
      await copies.acceptPending(name);
      this.#take(pending);
      await this.#options.onCopy();
      this.lastError = undefined;
      this.#refusedContent = undefined;
      return true;
    });
  }

  /** The copy is not in the gateway's folder. */
  get #isSpared(): boolean {
    return this.#options.copies.isSpared(this.#options.name);
  }

  async #read(): Promise<void> {
    const { configured } = this.#options;
    const reading = await configured.source.read(this.#validator, this.#stop.signal);
    const content = reading.bytes && (await digestInTurns(reading.bytes)).toString('hex');
    if (content === undefined || (content === this.#content && !this.#isSpared)) {
      await this.#confirm(reading.confirmedAtMs);
      this.#validator = reading.validator;
      this.#refusedContent = undefined;
    } else if (content === this.#refusedContent) throw new SameRefusal();
    else await this.#build(reading, content);
  }

  async #confirm(atMs: number): Promise<void> {
    const { name, copies, onConfirmed } = this.#options;
    if (atMs !== this.#confirmedAtMs) onConfirmed(atMs, this.#content);
    this.#confirmedAtMs = atMs;
    try {
      await copies.confirm(name, atMs);
    } catch (error) {
      // Somebody removed the copy: the next attempt makes a new one.
      this.#content = '';
      this.#validator = '';
      throw error;
    }
  }

  async #build({ bytes = new Uint8Array(), validator, confirmedAtMs }: Reading, content: string): Promise<void> {
    const { name, configured, copies, onEvent } = this.#options;
    const header = { origin: configured.origin, content, validator };
    const { image, report } = await buildAside({ bytes, header, options: configured.build }, this.#stop.signal);
    try {
      assertPlausible(this.#size, report, name);
    } catch (error) {
      this.#refusedContent = (await copies.writePending(name, image)) ? content : '';
      throw error;
    }
    await copies.write(name, image, confirmedAtMs);
    this.#size = report;
    this.#confirmedAtMs = confirmedAtMs;
    this.#content = content;
    // A source that repeats nothing would leave the copy where it is.
    this.#validator = this.#isSpared ? '' : validator;
    this.#refusedContent = undefined;
    this.#leftOut = report.forbidden;
    await this.#options.onCopy();
    onEvent({ event: 'list-loaded', list: name, ...shownOf(report) });
  }

  #take({ header, columns, confirmedAtMs }: ListCopy): void {
    this.#confirmedAtMs = confirmedAtMs;
    this.#size = sizeOf(columns);
    this.#content = header.content;
    this.#leftOut = header.leftOut;
    this.#validator = this.#isSpared ? '' : header.validator;
  }

  #report(error: unknown): void {
    const { name: list, onEvent } = this.#options;
    if (error instanceof SameRefusal) return;
    const { code, hint } = nameError(error);
    if (code === this.lastError) return;
    this.lastError = code;
    const event = error instanceof RefusedListError ? 'list-refused' : 'list-failed';
    // A message of the platform may contain anything.
    const message = error instanceof CredveilError ? error.message : 'the list could not be kept';
    onEvent({ event, list, code, message, hint });
  }

  #reportAge(): void {
    const { name: list, onEvent, isKnown } = this.#options;
    const known = isKnown();
    const hint = 'Repair its source, or raise maxAge. Until then rules that use the list do not act.';
    if (!known && this.#wasKnown) onEvent({ event: 'list-unknown', list, hint });
    this.#wasKnown = known;
  }

  #pauseMs(): number {
    const { everyMs, isLocal } = this.#options.configured;
    if (this.#failures === 0 || isLocal) return everyMs;
    return Math.min(everyMs, FIRST_RETRY_MS * 2 ** (this.#failures - 1));
  }

  #schedule(ms: number): void {
    if (this.#stop.signal.aborted) return;
    const pause = ms * (1 - JITTER + 2 * JITTER * Math.random());
    this.#timer = setTimeout(() => void this.refresh(), Math.min(pause, MAX_TIMER_MS)).unref();
  }

  #next<T>(step: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(step);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

/** The list is in force, and its copy where it does not last. */
class CopyNotKept extends CredveilError<'COPY_NOT_KEPT'> {
  override name = 'CopyNotKept';

  constructor() {
    super(
      'COPY_NOT_KEPT',
      'the list is in force, and its copy cannot be written to the stateDirectory',
      'See that it is writable and its disk has room. Until then the copy is among the temporary files.',
    );
  }
}

/** The source delivers again what a guard refused. */
class SameRefusal extends Error {}

/** The source itself works: it need not be asked sooner. */
const isRefusal = (error: unknown): boolean => error instanceof SameRefusal || error instanceof RefusedListError;

const shownOf = ({ format, entries, unreadable, forbidden }: BuildReport) => ({
  format,
  entries,
  unreadable,
  forbidden,
});
