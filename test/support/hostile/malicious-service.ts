// A malicious `oprf` service with the key: it cheats in some logins, and uses all that it sees to
// narrow down the passwords of its users.

import { createSodiumOprf } from '../../../accel/oprf-sodium.ts';
import { createLeakChecker, type LeakChecker } from '../../../client-sdk/index.ts';
import { createSodiumOprf as createEngine } from '../../../client-sdk/sodium.ts';
import type { BlindedElement } from '../../../protocol/brands.ts';
import { bucketId, formatPrefix } from '../../../protocol/bucket-id.ts';
import { passwordBucketHash } from '../../../protocol/entry.ts';
import { normalizePassword } from '../../../protocol/normalize.ts';
import { decodeElementsRequest } from '../../../protocol/oprf-messages.ts';
import { passwordInput } from '../../../protocol/private-input.ts';
import { startServer } from '../../../server/server.ts';
import { alterEvaluations, type Cheat, createCheats } from '../client/cheating-evaluator.ts';
import { makeDataset, seededPairs, seededPasswords } from '../dataset.ts';
import { trustPinOf } from '../pins.ts';
import { createRandom } from '../random.ts';
import { readAnswer, requestOf, toResponse } from './world.ts';

export interface MaliciousOptions {
  readonly logins: number;
  readonly seed: number;
}

export interface MaliciousReport {
  /** Logins in which the service cheated, by the kind of cheat. */
  readonly cheated: ReadonlyMap<string, number>;
  /** Cheats that the client did not notice at once, in words. */
  readonly missed: readonly string[];
  /** Requests that a client sent after it had caught the service. */
  readonly requestsAfterwards: number;
  /** Buckets of passwords that were asked for in cheated logins. */
  readonly bucketsInCheats: number;
  /** Honest logins with another verdict than the true one. */
  readonly wrong: readonly string[];
  readonly guesses: number;
  /** Bits of a password bucket's prefix. */
  readonly prefixBits: number;
  /** Guesses that a user's requests leave, on average over the users. */
  readonly guessesLeft: number;
  /** Users for whom the service saw more than one prefix of a password's bucket. */
  readonly usersWithSeveralPrefixes: number;
}

const USERS = 100;
const GUESSES = 8_000;
/** The service cheats in one login in so many. */
const CHEAT_ONE_IN = 8;
const ELEMENTS = 8;

type Kinds = ReadonlyMap<string, Cheat>;

async function createKinds(): Promise<Kinds> {
  const { shift, otherKey, cancelling, swapped } = await createCheats();
  return new Map<string, Cheat>([
    ...Array.from({ length: ELEMENTS }, (_, i): [string, Cheat] => [`element ${i + 1} altered`, shift(i)]),
    ['the password’s element altered', shift(-2)],
    ['another key', otherKey],
    ['errors that cancel out', cancelling],
    ['elements swapped', swapped],
    ['an element repeated', ([first, ...rest]) => [first, first, ...rest.slice(1)] as ReturnType<Cheat>],
  ]);
}

/** What the service does in a login, and sees of it. */
interface Attempt {
  readonly kind: string | undefined;
  requests: number;
  readonly prefixes: string[];
}

interface Malice {
  readonly fetch: typeof fetch;
  attempt: Attempt;
}

/** The honest service's answers, cheated with as the attempt wants. */
function createMalice(kinds: Kinds): Malice {
  const malice: Malice = {
    attempt: { kind: undefined, requests: 0, prefixes: [] },
    async fetch(input, init) {
      const { attempt } = malice;
      attempt.requests++;
      const answer = await readAnswer(await fetch(input, init));
      const request = requestOf(input, init);
      const prefix = /^GET \/v1\/password\/(\w+)/.exec(request)?.[1];
      if (prefix !== undefined) attempt.prefixes.push(prefix);
      const cheat = attempt.kind === undefined ? undefined : kinds.get(attempt.kind);
      if (cheat && request.startsWith('POST ')) {
        const sent = init?.body as Uint8Array;
        const isLookup = request === 'POST /v1/lookup';
        const blinded: BlindedElement[] = decodeElementsRequest(
          isLookup ? Buffer.concat([Buffer.of(1), sent.subarray(5)]) : sent,
        );
        answer.body = alterEvaluations(answer.body, isLookup, (evaluated) => cheat(evaluated, blinded, 1));
      }
      return toResponse(answer);
    },
  };
  return malice;
}

/** A user with the true status of their login. */
interface User {
  readonly username: string;
  readonly password: string;
  readonly truth: 'pair' | 'password' | 'clean';
  /** Prefixes of the password's bucket that the service saw. */
  readonly prefixes: Set<string>;
}

/** Guesses that leaked alone. */
const LEAKED_GUESSES = 400;
const GUESSES_A_USER = 79;

/** Half of the users have a pair that leaked; all passwords are guesses of the service. */
function createUsers(guesses: readonly string[]): User[] {
  return seededPairs(USERS, 8).map(({ username }, i) => ({
    username,
    password: guesses[i * GUESSES_A_USER] as string,
    truth: i % 2 === 0 ? 'pair' : i * GUESSES_A_USER < LEAKED_GUESSES ? 'password' : 'clean',
    prefixes: new Set(),
  }));
}

/** Counts what happens in the logins. */
interface Tally {
  readonly cheated: Map<string, number>;
  readonly missed: string[];
  readonly wrong: string[];
  requestsAfterwards: number;
  bucketsInCheats: number;
}

async function logInAll(
  { logins, seed }: MaliciousOptions,
  users: readonly User[],
  { kinds, malice, create }: { kinds: Kinds; malice: Malice; create(): LeakChecker },
): Promise<Tally> {
  const random = createRandom(seed);
  const tally: Tally = { cheated: new Map(), missed: [], wrong: [], requestsAfterwards: 0, bucketsInCheats: 0 };
  let checker = create();
  for (let login = 0; login < logins; login++) {
    const { username, password, truth, prefixes } = random.pick(users);
    const kind = random.below(CHEAT_ONE_IN) === 0 ? random.pick([...kinds.keys()]) : undefined;
    malice.attempt = { kind, requests: 0, prefixes: [] };
    const { status, reason } = await checker.check({ username, password });
    for (const prefix of malice.attempt.prefixes) prefixes.add(prefix);
    if (kind === undefined) {
      if (status !== truth) tally.wrong.push(`login ${login}: ${status} ${reason ?? ''} instead of ${truth}`);
      continue;
    }
    tally.cheated.set(kind, (tally.cheated.get(kind) ?? 0) + 1);
    if (status !== 'unknown' || reason !== 'KEY_MISMATCH') tally.missed.push(`login ${login}, ${kind}: ${status}`);
    tally.bucketsInCheats += malice.attempt.prefixes.length;
    malice.attempt = { kind: undefined, requests: 0, prefixes: [] };
    const again = await checker.check({ username, password });
    if (again.reason !== 'KEY_MISMATCH') tally.missed.push(`after login ${login}: ${again.status}`);
    tally.requestsAfterwards += malice.attempt.requests;
    // The operator has looked at the case, and restarts.
    checker = create();
  }
  return tally;
}

export async function runMaliciousService(options: MaliciousOptions): Promise<MaliciousReport> {
  const [kinds, oprf, engine] = [await createKinds(), await createSodiumOprf(), await createEngine()];
  const guesses = seededPasswords(GUESSES, 7);
  const users = createUsers(guesses);
  const made = await makeDataset({
    suite: 'oprf',
    oprf,
    similar: true,
    pairs: users.filter(({ truth }) => truth === 'pair').map(({ username, password }) => ({ username, password })),
    passwords: guesses.slice(0, LEAKED_GUESSES),
  });
  const server = await startServer(made.folder, { port: 0, key: made.key });
  const malice = createMalice(kinds);
  const create = (): LeakChecker =>
    createLeakChecker({
      url: server.url,
      ...trustPinOf(made),
      timeoutMs: 60_000,
      bucketCacheBytes: 0,
      engine,
      fetch: malice.fetch,
    });
  try {
    const tally = await logInAll(options, users, { kinds, malice, create });
    const { prefixBits = 0 } = (await made.publish()).indexes.password ?? {};
    const prefixes = guesses.map((guess) => {
      const output = made.suite.evaluate(passwordInput(normalizePassword(guess)));
      return formatPrefix(bucketId(passwordBucketHash(output), prefixBits), prefixBits);
    });
    const seen = users.filter((user) => user.prefixes.size > 0);
    const left = seen.map((user) => prefixes.filter((prefix) => user.prefixes.has(prefix)).length);
    return {
      ...tally,
      guesses: GUESSES,
      prefixBits,
      guessesLeft: left.reduce((sum, count) => sum + count, 0) / left.length,
      usersWithSeveralPrefixes: users.filter((user) => user.prefixes.size > 1).length,
    };
  } finally {
    await server.close({ deadlineMs: 100 });
    made.dispose();
  }
}
