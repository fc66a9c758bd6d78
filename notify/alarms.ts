// Alarms of a service: events of its log that somebody should hear of, sent through the outbox by
// the process that starts the workers.

import { setTimeout as sleep } from 'node:timers/promises';
import { nameError, type OnEvent, type ServerEvent } from '../runtime/events.ts';
import type { NotifyEvent, ReloadFailed } from './events.ts';
import type { Outbox } from './outbox.ts';
import { Sender } from './sender.ts';
import type { Sink } from './sink.ts';

export interface Alarms {
  /** Returns at once: nothing is written or sent before the caller goes on. */
  take(event: ServerEvent): void;
  /** What is not sent stays in the outbox for the next start. */
  close(): Promise<void>;
}

const PAUSE_MS = 60_000;
/** Alarms of a day in memory, so that a client that keeps asking costs no writes. */
const MAX_KNOWN = 1000;

const REFUSED: { readonly [event in ServerEvent['event']]?: ReloadFailed['what'] } = {
  'snapshot-refused': 'snapshot',
  'snapshot-withdrawn': 'snapshot',
  'head-refused': 'head',
  'clients-refused': 'clients',
  'tls-refused': 'tls',
  'config-refused': 'config',
};

/** @returns undefined for an event that is none */
export function alarmOf(event: ServerEvent, nowMs: number): NotifyEvent | undefined {
  const day = new Date(nowMs).toISOString().slice(0, 10);
  if (event.event === 'quota-exceeded')
    return { type: 'quota.used_up', client: event.client, policy: event.policy, day };
  if (event.event === 'head-expiring' || event.event === 'head-expired') {
    const state = event.event === 'head-expired' ? 'expired' : 'expiring';
    return { type: 'snapshot.stale', snapshot: event.snapshot, validUntil: event.validUntil, state };
  }
  if (event.event === 'login-leaked') {
    const { app, login, user, finding } = event;
    return { type: 'login.leaked', app, login, user, finding, day };
  }
  const what = REFUSED[event.event];
  if (what === undefined) return undefined;
  return { type: 'reload.failed', what, code: 'code' in event ? event.code : 'SNAPSHOT_WITHDRAWN', day };
}

/** @param report receives what goes wrong with the alarms themselves; never `take` */
export function startAlarms(outbox: Outbox, sinks: readonly Sink[], report: OnEvent): Alarms {
  const stop = new AbortController();
  const sender = new Sender(outbox, sinks, {
    onFailure: (sink, code, what) =>
      report({ event: what === 'sink-failed' ? 'sink-failed' : 'alarm-given-up', sink, code, hint: HINTS[what] }),
  });
  const running = runDespiteFailures(sender, stop.signal, report);
  const known = new Set<string>();
  let waiting: NotifyEvent[] = [];
  let isScheduled = false;
  const commit = (): void => {
    isScheduled = false;
    try {
      outbox.add(
        waiting.map((event) => ({ event })),
        sinks,
      );
      waiting = [];
      sender.wake();
    } catch (error) {
      report({ event: 'outbox-failed', ...nameError(error) });
    }
  };
  return {
    take(event) {
      const alarm = alarmOf(event, Date.now());
      if (alarm === undefined) return;
      const text = JSON.stringify(alarm);
      if (known.has(text)) return;
      if (known.size >= MAX_KNOWN) known.clear();
      known.add(text);
      if (waiting.length < MAX_KNOWN) waiting.push(alarm);
      if (!isScheduled) setImmediate(commit);
      isScheduled = true;
    },
    async close() {
      if (waiting.length > 0) commit();
      stop.abort();
      await running;
      sender.close();
      outbox.close();
    },
  };
}

/** A full disk is no reason to send nothing until the next restart. */
async function runDespiteFailures(sender: Sender, signal: AbortSignal, report: OnEvent): Promise<void> {
  while (!signal.aborted) {
    try {
      await sender.run(signal);
    } catch (error) {
      report({ event: 'outbox-failed', ...nameError(error) });
      await sleep(PAUSE_MS, undefined, { signal }).catch(() => {});
    }
  }
}

const HINTS = {
  'sink-failed': 'The alarm waits in the outbox and is tried again. `credveil events list` shows it.',
  'event-dead': '`credveil events retry` makes it wait again, once the sink works.',
};
