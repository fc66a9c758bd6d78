// Sends what is in the outbox: each sink by itself, so that one that hangs delays no other.

import { delayMs, settlementOf } from './backoff.ts';
import type { Claim, Outbox, Settled } from './outbox.ts';
import type { Outcome, Sink } from './sink.ts';
import { tooLateMs } from './waits.ts';

export interface SenderOptions {
  /** Is called when a sink fails after it worked, and when an event is given up. Must not throw. */
  readonly onFailure?: (sink: string, failure: string, what: 'sink-failed' | 'event-dead') => void;
}

/** How often a sender looks for events that other processes added. */
const POLL_MS = 5000;

interface Line {
  readonly sink: Sink;
  /** In a row. One event at a time is attempted after the first. */
  failures: number;
  pausedUntilMs: number;
}

export class Sender {
  readonly #outbox: Outbox;
  readonly #lines: readonly Line[];
  readonly #options: SenderOptions;
  readonly #sleeping = new Set<() => void>();

  constructor(outbox: Outbox, sinks: readonly Sink[], options: SenderOptions = {}) {
    outbox.releaseDead();
    this.#outbox = outbox;
    this.#lines = sinks.map((sink) => ({ sink, failures: 0, pausedUntilMs: 0 }));
    this.#options = options;
  }

  /** Sends until nothing waits, or the next attempt would be after `untilMs` or an abort. */
  async send(untilMs: number, signal: AbortSignal): Promise<void> {
    await Promise.all(this.#lines.map((line) => this.#drain(line, untilMs, signal)));
  }

  /** Sends for as long as a service runs. Resolves after an abort. */
  run(signal: AbortSignal): Promise<void> {
    return this.send(Number.POSITIVE_INFINITY, signal);
  }

  /** Makes `run` look at once. */
  wake(): void {
    for (const end of [...this.#sleeping]) end();
  }

  close(): void {
    for (const { sink } of this.#lines) sink.close();
  }

  async #drain(line: Line, untilMs: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const dueMs = this.#outbox.nextDueMs(line.sink.name) ?? Number.POSITIVE_INFINITY;
      const nowMs = Date.now();
      const pausedMs = line.pausedUntilMs > tooLateMs(nowMs) ? nowMs : line.pausedUntilMs;
      const atMs = Math.max(dueMs, pausedMs);
      const waitMs = atMs - nowMs;
      if (waitMs > 0) {
        if (atMs > untilMs || (atMs === Number.POSITIVE_INFINITY && untilMs !== atMs)) return;
        await this.#sleep(Math.min(waitMs, POLL_MS), signal);
      } else await this.#attempt(line, signal);
    }
  }

  /** Ends early at an abort and at `wake`. */
  #sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        this.#sleeping.delete(end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener('abort', end);
      this.#sleeping.add(end);
    });
  }

  async #attempt(line: Line, signal: AbortSignal): Promise<void> {
    const { sink } = line;
    const claims = this.#outbox.claim(sink.name, line.failures === 0 ? sink.maxBatch : 1, sink.leaseMs);
    if (claims.length === 0) return;
    const failed: Outcome = { delivered: false, failure: 'SINK_FAILED' };
    const outcomes = await sink.send(claims, signal).catch(() => claims.map(() => failed));
    const nowMs = Date.now();
    const settled = claims.map((claim, at) => settlementOf(claim, outcomes[at] as Outcome, nowMs));
    if (signal.aborted) return this.#outbox.settle(sink.name, settled.map(asInterrupted(nowMs)));
    this.#outbox.settle(sink.name, settled);
    this.#pace(line, claims, outcomes, nowMs);
    for (const one of settled)
      if (one.state === 'dead') this.#options.onFailure?.(sink.name, one.failure, 'event-dead');
  }

  /** A sink that fails is left alone for a while, whatever else waits for it. */
  #pace(line: Line, claims: readonly Claim[], outcomes: readonly Outcome[], nowMs: number): void {
    const failed = outcomes.filter((outcome) => !outcome.delivered && !outcome.isOfEvent);
    if (failed.length < claims.length) {
      line.failures = 0;
      line.pausedUntilMs = 0;
    }
    const [first] = failed;
    if (first === undefined || first.delivered) return;
    if (line.failures === 0) this.#options.onFailure?.(line.sink.name, first.failure, 'sink-failed');
    line.failures++;
    const askedMs = Math.max(...failed.map((outcome) => (outcome.delivered ? 0 : (outcome.retryAfterMs ?? 0))));
    line.pausedUntilMs = nowMs + delayMs(line.failures, askedMs);
  }
}

/** What an abort cut off failed through no fault of the sink. */
const asInterrupted =
  (nowMs: number) =>
  (one: Settled): Settled =>
    one.state === 'delivered' ? one : { id: one.id, state: 'waiting', dueMs: nowMs, failure: one.failure };
