// The leak check of logins, in each worker: one checker of the SDK, and one without any shortcut
// for applications that want the verdict before the password is compared.

import { OF_THE_REQUEST } from '../../client-sdk/errors.ts';
import {
  type CheckerMemory,
  type Credential,
  createLeakChecker,
  type LeakChecker,
  LookupError,
  type SnapshotEvent,
} from '../../client-sdk/index.ts';
import { createReplica, type PullEvent } from '../../client-sdk/replica/replica.ts';
import { failuresIn, worstOf } from '../../client-sdk/verdict/decide.ts';
import { normalizePassword, normalizeUsername } from '../../protocol/normalize.ts';
import type { OnEvent } from '../../runtime/events.ts';
import type { LeakFiles } from './leak-files.ts';
import { nameLeakError } from './leak-hints.ts';
import { spellingsOf } from './password-spellings.ts';
import { plainFetch } from './plain-fetch.ts';
import { isTypeable } from './typed-text.ts';
import { withoutMarks } from './user-letters.ts';
import { type LeakVerdict, UNREADABLE } from './verdict.ts';

/** All values that the application may read. */
export interface CheckedCredential {
  readonly usernames: readonly string[];
  readonly passwords: readonly string[];
  /** Texts that somebody may be known by, in other fields: where logins are held back. */
  readonly others?: readonly string[] | undefined;
}

export interface Checks {
  /** Of files and configuration: equal ones are one checker over a reload. */
  readonly digest: string;
  /** Whether the service can be asked about it, as far as that depends on the client. */
  isReadable(credential: CheckedCredential): boolean;
  /** One verdict on all values, that of the worst finding. Never rejects. */
  check(credential: CheckedCredential): Promise<LeakVerdict>;
  /** The same in a time that does not depend on the verdict: no filter, no held buckets. */
  checkEvenly(credential: CheckedCredential): Promise<LeakVerdict>;
  /** Id of the snapshot in use, as far as it is known. */
  snapshot(): string | undefined;
  /** @throws LookupError whose code is the reason that a check would have */
  ready(): Promise<void>;
  /** Ends what goes on beside checks. A check that follows begins it again. */
  close(): void;
}

export interface ChecksOptions {
  readonly memory?: CheckerMemory | undefined;
  readonly passwordFilter: boolean;
  /** Hears of updates of a replica: of failures, and once there is one. */
  readonly onEvent?: OnEvent | undefined;
  /** Called with the time that each check took. */
  readonly onChecked?: ((seconds: number) => void) | undefined;
}

/** What the SDK takes in one check. */
const MAX_USERNAMES = 16;
const MAX_PASSWORDS = 4;

/** Passwords in one request, of each of which all spellings are asked for. */
const MAX_TYPED = 8;

/** Of a username or password in its normal form. The SDK's own bound is on both together. */
const MAX_FIELD_BYTES = 30_000;

/** @throws LookupError `OPTION_MALFORMED`, `KEY_MALFORMED` */
export function createChecks(
  { options, replica: copy, digest }: LeakFiles,
  { memory, passwordFilter, onChecked, onEvent = () => undefined }: ChecksOptions,
): Checks {
  let snapshot: string | undefined;
  const onSnapshot = (event: SnapshotEvent): void => {
    snapshot = event.snapshot;
  };
  // The SDK uses no more of `fetch` than this one has.
  const fetch = plainFetch as typeof globalThis.fetch;
  const replica = copy && createReplica({ ...copy, onPull: (event) => reportPull(event, onEvent) });
  const shared = {
    ...options,
    fetch,
    onSnapshot,
    ...(memory && { memory }),
    ...(replica && { replica }),
    ...engineFor(options),
  };
  const checker = createLeakChecker({ ...shared, passwordFilter });
  let even: LeakChecker | undefined;
  const timed = async (used: LeakChecker, credential: CheckedCredential): Promise<LeakVerdict> => {
    const startedAt = performance.now();
    const verdict = await checkWith(used, credential);
    onChecked?.((performance.now() - startedAt) / 1_000);
    return verdict;
  };
  return {
    digest,
    snapshot: () => snapshot,
    isReadable,
    check: (credential) => timed(checker, credential),
    checkEvenly: (credential) => {
      even ??= createLeakChecker({ ...shared, bucketCacheBytes: 0 });
      return timed(even, credential);
    },
    ready: async () => {
      await checker.ready();
      if (passwordFilter && !replica) await checker.loadFilter();
    },
    close: () => replica?.close(),
  };
}

/** libsodium is ten times as fast as the curve that the SDK has by itself. */
function engineFor({ key }: LeakFiles['options']) {
  if (key !== undefined) return {};
  return { engine: import('../../client-sdk/sodium.ts').then(({ createSodiumOprf }) => createSodiumOprf()) };
}

async function checkWith(checker: LeakChecker, credential: CheckedCredential): Promise<LeakVerdict> {
  const asked = credentialsOf(credential);
  if (!asked) return UNREADABLE;
  const verdicts = await Promise.all(asked.map((one) => checker.check(one)));
  const { status, reason, exposedCredentialCheck: header } = worstOf(verdicts);
  const [missing] = failuresIn(...verdicts.map(({ signals }) => signals));
  return {
    status,
    ...(status !== 'unknown' && missing !== undefined && { missing }),
    ...(header !== undefined && { header }),
    ...(reason !== undefined && { reason, isOfRequest: OF_THE_REQUEST.has(reason) }),
  };
}

/**
 * Many applications change passwords before they compare them, and have names of their own for what
 * was typed, such as the one without accents.
 * @returns as many as the SDK needs for all values; undefined for more than any login has
 */
function credentialsOf({ usernames, passwords }: CheckedCredential): Credential[] | undefined {
  const names = groupsOf([...new Set([...usernames, ...usernames.map(withoutMarks)])], MAX_USERNAMES);
  const spelled = groupsOf([...new Set(passwords.flatMap(spellingsOf))], MAX_PASSWORDS);
  if (names.length > 2 || passwords.length > MAX_TYPED || spelled.length === 0) return undefined;
  if (names.length === 0) return spelled.map((group) => ({ passwords: group }));
  return spelled.flatMap((group) => names.map((some) => ({ passwords: group, usernames: some })));
}

function isReadable({ usernames, passwords }: CheckedCredential): boolean {
  if (![...usernames, ...passwords].every(isTypeable)) return false;
  const asked = credentialsOf({ usernames, passwords });
  return asked !== undefined && asked.every((one) => textsOf(one).every(isShort));
}

const textsOf = (one: Credential): readonly string[] => [...(one.usernames ?? []), ...(one.passwords ?? [])];

/** Also each spelling of a password, where what stood between marks was taken away. */
const isShort = (text: string): boolean =>
  isTypeable(text) &&
  normalizeUsername(text).length <= MAX_FIELD_BYTES &&
  normalizePassword(text).length <= MAX_FIELD_BYTES;

/** In their order, so many at most in each. */
const groupsOf = (values: readonly string[], size: number): string[][] =>
  Array.from({ length: Math.ceil(values.length / size) }, (_, i) => values.slice(i * size, (i + 1) * size));

/** Each failure, and a new copy: the first of them ends `REPLICA_MISSING`. */
function reportPull({ pulled, error }: PullEvent, onEvent: OnEvent): void {
  if (pulled?.isNew) onEvent({ event: 'leaks-ready' });
  if (error) onEvent({ event: 'leaks-unavailable', message: error.message, ...nameLeakError(error) });
}

/** Whether the service can be used, so that the first login does not wait for its head. */
export async function reportReadiness(checks: Checks, onEvent: OnEvent): Promise<void> {
  try {
    await checks.ready();
    onEvent({ event: 'leaks-ready' });
  } catch (error) {
    const message = error instanceof LookupError ? error.message : 'the leak service could not be asked';
    onEvent({ event: 'leaks-unavailable', message, ...nameLeakError(error) });
  }
}
