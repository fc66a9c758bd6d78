// A hostile proxy between a checker and the honest service: the option `fetch` of the checker.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../random.ts';
import { ALTERATIONS, REPLAYS } from './alterations.ts';
import { type Answer, type HostileWorld, type Recorded, readAnswer, requestOf, toResponse } from './world.ts';

export interface HostileProxy {
  readonly fetch: typeof fetch;
  /** While true, nothing is altered. */
  isHonest: boolean;
  /** Whether the client has seen an honest answer of the current snapshot. */
  hasSeenCurrent: boolean;
  /** Alterations so far, by kind. */
  readonly applied: Map<string, number>;
}

/** How long an answer waits for another one to be exchanged with. */
const EXCHANGE_MS = 5;
const MAX_DELAY_MS = 20;
/** Answers of this session that may come again. */
const MAX_REMEMBERED = 64;
/** One answer in so many is altered otherwise than by a function of it. */
const TIMING_ONE_IN = 8;

/** An answer that waits to be exchanged with the next one. */
interface Parked {
  readonly answer: Recorded;
  take(other: Recorded): void;
}

export function createHostileProxy(world: HostileWorld, random: Random): HostileProxy {
  const applied = new Map<string, number>();
  const remembered: Recorded[] = [];
  let parked: Parked | undefined;
  const count = (kind: string): void => void applied.set(kind, (applied.get(kind) ?? 0) + 1);

  const exchange = async (answer: Recorded): Promise<Answer> => {
    if (parked) {
      const { answer: other, take } = parked;
      parked = undefined;
      take(answer);
      count('exchanged with another answer');
      return other;
    }
    const { promise, resolve } = Promise.withResolvers<Recorded>();
    const mine: Parked = { answer, take: resolve };
    parked = mine;
    const taken = await Promise.race([promise, sleep(EXCHANGE_MS, undefined)]);
    if (parked === mine) parked = undefined;
    return taken ?? answer;
  };

  const TIMING: { readonly [kind: string]: (answer: Recorded, signal: AbortSignal | null) => Promise<Answer> } = {
    'dropped before the answer': () => Promise.reject(new TypeError('fetch failed')),
    delayed: async (answer) => {
      await sleep(random.below(MAX_DELAY_MS));
      return answer;
    },
    'an earlier answer again': async (answer) => random.pick(remembered.length > 0 ? remembered : [answer]),
  };

  const alter = async (answer: Recorded, signal: AbortSignal | null): Promise<Response> => {
    if (random.below(TIMING_ONE_IN) === 0) {
      if (random.below(3) === 0) return toResponse(await exchange(answer));
      const kind = random.pick(Object.keys(TIMING));
      count(kind);
      return toResponse(await (TIMING[kind] as (typeof TIMING)[string])(answer, signal));
    }
    for (;;) {
      const kind = random.pick(Object.keys(ALTERATIONS));
      if (REPLAYS.has(kind) && !proxy.hasSeenCurrent) continue;
      const altered = ALTERATIONS[kind]?.(answer, random, world);
      if (!altered) continue;
      count(kind);
      return toResponse(altered);
    }
  };

  const proxy: HostileProxy = {
    applied,
    isHonest: false,
    hasSeenCurrent: false,
    async fetch(input, init) {
      const answer = { ...(await readAnswer(await fetch(input, init))), request: requestOf(input, init) };
      remembered.push(answer);
      if (remembered.length > MAX_REMEMBERED) remembered.shift();
      // Two answers in five stay as they are: a verdict needs several.
      if (proxy.isHonest || random.below(5) < 2) return toResponse(answer);
      return alter(answer, init?.signal ?? null);
    },
  };
  return proxy;
}
