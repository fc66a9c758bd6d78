// Random histories of sources, each published twice: as layers, and as a whole.

import { createLeakChecker, type LeakChecker, type Verdict } from '../../../client-sdk/index.ts';
import { createSodiumOprf } from '../../../client-sdk/sodium.ts';
import { type CredveilServer, startServer } from '../../../server/server.ts';
import type { LayoutName } from '../../../store/snapshot/layout/snapshot-facts.ts';
import { type MadeDataset, type MakeDatasetOptions, makeDataset, type Pair } from '../dataset.ts';
import { pinOf } from '../pins.ts';
import { createRandom, type Random } from '../random.ts';
import { TIMEOUT_MS } from '../worlds/client-world.ts';

export interface History {
  readonly layered: MadeDataset;
  /** The same sources, of which each publish makes one layer. */
  readonly whole: MadeDataset;
  readonly random: Random;
  readonly layout: LayoutName;
  /** Adds a source of so many pairs to both; some have leaked before. */
  add(pairs: number): void;
  publish(): Promise<void>;
  /** What to ask about: leaked, similar, half right and unknown credentials. */
  questions(count: number): Pair[];
  dispose(): void;
}

export async function createHistory(seed: number, options: Partial<MakeDatasetOptions> = {}): Promise<History> {
  const random = createRandom(seed);
  const isOprf = options.suite === 'oprf';
  const sodium = isOprf ? { oprf: await createSodiumOprf() } : {};
  const leaked = pairsOf(random, isOprf ? 100 : 600);
  const made = {
    ...{ similar: random.below(2) === 1, metadataBytes: random.pick([0, 1, 3] as const), pairs: leaked },
    ...{ bucketFloor: random.pick([4, 16, 64]), signed: random.below(3) === 0, ...sodium, ...options },
  };
  const [layered, whole] = [await makeDataset(made), await makeDataset(made)];
  const layout = random.pick(['slots', 'sqlite'] as const);
  let sources = 0;
  return {
    ...{ layered, whole, random, layout },
    add(count) {
      const again = Array.from({ length: random.below(3) }, () => random.pick(leaked));
      const pairs = [...pairsOf(random, count), ...again].map((pair) => ({ ...pair, times: 1 + random.below(9) }));
      const passwords = Array.from({ length: random.below(3) }, () => word(random));
      const date = random.below(3) > 0 ? { date: `20${10 + random.below(15)}-0${1 + random.below(9)}` } : {};
      const source = `s${random.below(1000)}-${++sources}`;
      for (const one of [layered, whole]) one.addSource(source, { pairs, passwords, ...date });
      leaked.push(...pairs);
    },
    async publish() {
      await layered.publish({ delta: true, layout });
      await whole.publish({ layout });
    },
    questions(count) {
      return Array.from({ length: count }, () => {
        const { username, password } = random.pick(leaked);
        const kind = random.below(5);
        if (kind === 0) return { username, password: word(random) };
        if (kind === 1) return { username, password: `${password}!` };
        if (kind === 2) return { username: `${word(random)}@example.test`, password };
        return kind === 3 ? { username: word(random), password: word(random) } : { username, password };
      });
    },
    dispose() {
      layered.dispose();
      whole.dispose();
    },
  };
}

const word = (random: Random): string =>
  random
    .below(2 ** 48)
    .toString(36)
    .padStart(8, 'x');

function pairsOf(random: Random, count: number): Pair[] {
  return Array.from({ length: count }, () => ({ username: `${word(random)}@example.test`, password: word(random) }));
}

export interface Served {
  readonly server: CredveilServer;
  readonly leaks: LeakChecker;
  close(): Promise<void>;
}

/** A server of what is published now, and a checker that asks it. */
export async function serve(made: MadeDataset): Promise<Served> {
  const isOprf = made.key.suite === 'oprf';
  const server = await startServer(made.folder, { port: 0, ...(isOprf && { key: made.key }) });
  const engine = isOprf ? { engine: await createSodiumOprf() } : {};
  const leaks = createLeakChecker({ url: server.url, timeoutMs: TIMEOUT_MS, ...engine, ...pinOf(made) } as never);
  return { server, leaks, close: () => server.close({ deadlineMs: 100 }) };
}

/** What a verdict says, without the times, which are bounds. */
export function outcomeOf({ status, signals }: Verdict): object {
  const named = Object.entries(signals).map(([name, signal]) => {
    const { timesSeen: _, ...rest } = signal as { timesSeen?: number };
    return [name, rest];
  });
  return { status, signals: Object.fromEntries(named) };
}

/** The times of each finding, by signal. */
export function timesOf({ signals }: Verdict): { [name: string]: number } {
  return Object.fromEntries(
    Object.entries(signals).flatMap(([name, signal]) =>
      'timesSeen' in signal && signal.timesSeen !== undefined ? [[name, signal.timesSeen]] : [],
    ),
  );
}
