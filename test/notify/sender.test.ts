// The sender: retries with backoff, gives up in the end, and no sink delays another.

import { describe, expect, vi } from 'vitest';
import { delayMs, MAX_ATTEMPTS } from '../../notify/backoff.ts';
import type { NewEvent } from '../../notify/events.ts';
import { Outbox } from '../../notify/outbox.ts';
import { Sender } from '../../notify/sender.ts';
import type { Outcome, Sink } from '../../notify/sink.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

const named = (account: string): NewEvent => ({
  event: { type: 'account.named', account, source: 'leak', leakedAt: null },
});
const accounts = (count: number): NewEvent[] => Array.from({ length: count }, (_, i) => named(`a${i}`));

interface Call {
  readonly atMs: number;
  readonly ids: readonly string[];
}

function createSink(name: string, answer: (call: Call, at: number) => Outcome): Sink & { readonly calls: Call[] } {
  const calls: Call[] = [];
  return {
    ...{ name, calls, maxBatch: 4, leaseMs: 60_000 },
    accepts: () => true,
    send: async (events) => {
      const call = { atMs: Date.now(), ids: events.map(({ id }) => id) };
      calls.push(call);
      return events.map((_, at) => answer(call, at));
    },
    close: () => {},
  };
}

const DELIVERED: Outcome = { delivered: true };
const DOWN: Outcome = { delivered: false, failure: 'STATUS_500' };
const never = new AbortController().signal;
const HOUR_MS = 3_600_000;

/** Runs with a clock that jumps to what is waited for. */
async function sendWithin(ms: number, outbox: Outbox, sinks: readonly Sink[], onFailure = () => {}): Promise<void> {
  const done = new Sender(outbox, sinks, { onFailure }).send(Date.now() + ms, never);
  let isDone = false;
  void done.then(() => {
    isDone = true;
  });
  while (!isDone) await vi.advanceTimersToNextTimerAsync();
  await done;
}

describe('the sender', () => {
  test.beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000, toFake: ['Date', 'setTimeout', 'clearTimeout'] });
  });
  test.afterEach(() => {
    vi.useRealTimers();
  });

  test('backs off exponentially, with jitter, and as long as it is asked to', () => {
    expect([1, 2, 3, 4].map((failures) => delayMs(failures, 0, 1))).toEqual([5000, 20_000, 80_000, 320_000]);
    expect(delayMs(1, 0, 0)).toBe(2500);
    expect(delayMs(50, 0, 1)).toBe(12 * HOUR_MS);
    expect(delayMs(1, 90_000, 1)).toBe(90_000);
  });

  test('sends each event once to a sink that takes it, in the order of commit', async ({ place }) => {
    const outbox = Outbox.open(place.at('outbox'));
    const sink = createSink('up', () => DELIVERED);
    outbox.add(accounts(10), [sink]);
    await sendWithin(0, outbox, [sink]);
    const sent = sink.calls.flatMap(({ ids }) => ids);
    expect(sent).toEqual(outbox.list(['delivered'], 99).map(({ id }) => id));
    expect(sent).toHaveLength(10);
    outbox.close();
  });

  test('leaves a sink that is down alone, tries one event at a time, and goes on when it is up', async ({ place }) => {
    const outbox = Outbox.open(place.at('outbox'));
    let isUp = false;
    const sink = createSink('down', () => (isUp ? DELIVERED : DOWN));
    outbox.add(accounts(20), [sink]);
    const failures = vi.fn();
    await sendWithin(HOUR_MS, outbox, [sink], failures);
    expect(sink.calls.map(({ ids }) => ids.length)).toEqual([4, ...sink.calls.slice(1).map(() => 1)]);
    expect(sink.calls.length).toBeGreaterThan(3);
    expect(sink.calls.length).toBeLessThan(9);
    expect(failures).toHaveBeenCalledExactlyOnceWith('down', 'STATUS_500', 'sink-failed');
    isUp = true;
    await sendWithin(30 * HOUR_MS, outbox, [sink]);
    expect(outbox.counts()).toMatchObject([{ state: 'delivered', count: 20 }]);
    outbox.close();
  });

  test('waits as long as Retry-After asks', async ({ place }) => {
    const outbox = Outbox.open(place.at('outbox'));
    const sink: ReturnType<typeof createSink> = createSink('busy', () =>
      sink.calls.length > 1 ? DELIVERED : { delivered: false, failure: 'STATUS_429', retryAfterMs: 600_000 },
    );
    outbox.add([named('a')], [sink]);
    await sendWithin(599_000, outbox, [sink]);
    expect(sink.calls).toHaveLength(1);
    await sendWithin(HOUR_MS, outbox, [sink]);
    expect((sink.calls[1]?.atMs ?? 0) - (sink.calls[0]?.atMs ?? 0)).toBeGreaterThanOrEqual(600_000);
    outbox.close();
  });

  test('gives an event up after ten attempts, and at once if the sink is gone', async ({ place }) => {
    const outbox = Outbox.open(place.at('outbox'));
    const down = createSink('down', () => DOWN);
    const gone = createSink('gone', () => ({ delivered: false, failure: 'STATUS_410', isFinal: true }));
    outbox.add([named('a')], [down, gone]);
    const failures = vi.fn();
    await sendWithin(100 * HOUR_MS, outbox, [down, gone], failures);
    expect([down.calls.length, gone.calls.length]).toEqual([MAX_ATTEMPTS, 1]);
    expect(new Set(down.calls.flatMap(({ ids }) => ids)).size).toBe(1);
    expect(outbox.list(['dead'], 9).map(({ sink, failure }) => [sink, failure])).toEqual([
      ['down', 'STATUS_500'],
      ['gone', 'STATUS_410'],
    ]);
    expect(failures).toHaveBeenCalledWith('gone', 'STATUS_410', 'event-dead');
    outbox.close();
  });

  test('does not let one event that is refused, or one sink that hangs, hold up the others', async ({ place }) => {
    const outbox = Outbox.open(place.at('outbox'));
    let poison = '';
    const picky = createSink('picky', ({ ids }, at) => {
      poison ||= ids[0] as string;
      return ids[at] === poison ? { delivered: false, failure: 'STATUS_400', isOfEvent: true } : DELIVERED;
    });
    const hanging: Sink = { ...createSink('hanging', () => DELIVERED), send: () => new Promise(() => {}) };
    outbox.add(accounts(12), [picky, hanging]);
    void new Sender(outbox, [picky, hanging]).send(Date.now(), never);
    await expect
      .poll(() => outbox.counts())
      .toContainEqual({ sink: 'picky', state: 'delivered', count: 11, failure: null });
    expect(picky.calls).toHaveLength(3);
    outbox.close();
  });

  test('gives nothing up for an abort', async ({ place }) => {
    const outbox = Outbox.open(place.at('outbox'));
    const stop = new AbortController();
    const sink = createSink('slow', () => {
      stop.abort();
      return { delivered: false, failure: 'ABORTED', isFinal: true };
    });
    outbox.add([named('a')], [sink]);
    await new Sender(outbox, [sink]).run(stop.signal);
    expect(outbox.list(['waiting'], 9)).toMatchObject([{ failure: 'ABORTED', dueMs: Date.now() }]);
    outbox.close();
  });

  test('waits for no time of a clock that was ahead', async ({ place }) => {
    const ahead = 400 * 24 * HOUR_MS;
    const outbox = Outbox.open(place.at('outbox'));
    let isDown = true;
    const sink = createSink('once-down', () => (isDown ? DOWN : DELIVERED));
    outbox.add(accounts(9), [sink]);
    vi.setSystemTime(1_000_000 + ahead);
    // Some failed, and one was claimed by a process that is thought to be there.
    const stop = new AbortController();
    const sender = new Sender(outbox, [sink]);
    const running = sender.run(stop.signal);
    await vi.advanceTimersByTimeAsync(100);
    outbox.claim('once-down', 1, sink.leaseMs);
    vi.setSystemTime(1_000_000);
    isDown = false;
    // The sender that runs, too, had paused for its sink by that clock.
    await vi.advanceTimersByTimeAsync(10_000);
    expect(outbox.counts()).toEqual([{ sink: 'once-down', state: 'delivered', count: 9, failure: null }]);
    stop.abort();
    await running;
    outbox.close();
  });

  test('waits a day for an endpoint that asks for it', async ({ place }) => {
    const outbox = Outbox.open(place.at('outbox'));
    const sink = createSink('busy', () => ({ ...DOWN, retryAfterMs: 24 * HOUR_MS }));
    outbox.add([named('a')], [sink]);
    await sendWithin(23 * HOUR_MS, outbox, [sink]);
    expect(sink.calls).toHaveLength(1);
    outbox.close();
  });

  test('sends what another process added while it runs, and stops at an abort', async ({ place }) => {
    const [outbox, other] = [Outbox.open(place.at('outbox')), Outbox.open(place.at('outbox'))];
    const sink = createSink('up', () => DELIVERED);
    const stop = new AbortController();
    const running = new Sender(outbox, [sink]).run(stop.signal);
    await vi.advanceTimersByTimeAsync(20_000);
    other.add([named('a')], [sink]);
    await vi.advanceTimersByTimeAsync(5000);
    expect(sink.calls).toHaveLength(1);
    stop.abort();
    await running;
    for (const one of [outbox, other]) one.close();
  });
});
