// Events for other systems: findings about accounts, and alarms of the service.
//
// None holds a password, username, key, prefix or address. Accounts and canaries are named by the
// ids that the operator chose, sources and clients by the operator's names.

import { createHmac } from 'node:crypto';

/** A leaked password is that of the account, or a variant of it is. */
export type Finding = 'exact' | 'similar';

/** The source in which something was found. */
interface InSource {
  readonly source: string;
  /** The month of its leak, `YYYY-MM`; null if nobody stated it. */
  readonly leakedAt: string | null;
}

/** `match` verified a leaked password against the stored hash of an account. */
export interface AccountLeaked extends InSource {
  readonly type: 'account.leaked';
  readonly account: string;
  readonly finding: Finding;
}

/** The name of an account stands in a source; its password may be another one. */
export interface AccountNamed extends InSource {
  readonly type: 'account.named';
  readonly account: string;
}

/** A watched account stands in a source, with the password of its last login. */
export interface WatchFound extends InSource {
  readonly type: 'watch.found';
  readonly account: string;
  readonly finding: Finding;
}

/** A corpus holds an account that was planted in one's own user table. */
export interface CanaryFound extends InSource {
  readonly type: 'canary.found';
  readonly canary: string;
  /** A pair has the planted password too. */
  readonly finding: 'pair' | 'name';
}

/** A client used up a quota. There is one of each client, policy and day. */
export interface QuotaUsedUp {
  readonly type: 'quota.used_up';
  readonly client: string;
  readonly policy: string;
  /** `YYYY-MM-DD`, in UTC. */
  readonly day: string;
}

/** The head of the current snapshot runs out soon, or has: clients refuse the snapshot then. */
export interface SnapshotStale {
  readonly type: 'snapshot.stale';
  readonly snapshot: string;
  /** ISO 8601. */
  readonly validUntil: string;
  readonly state: 'expiring' | 'expired';
}

/** The service refused something new and goes on with what it had. One of each code and day. */
export interface ReloadFailed {
  readonly type: 'reload.failed';
  readonly what: 'snapshot' | 'head' | 'clients' | 'tls' | 'config';
  readonly code: string;
  /** `YYYY-MM-DD`, in UTC. */
  readonly day: string;
}

/**
 * The gateway saw a login whose password was right, and leaked. There is one of each user, finding
 * and day.
 */
export interface LoginLeaked {
  readonly type: 'login.leaked';
  /** The application's name in the configuration, and its login's. */
  readonly app: string;
  readonly login: string;
  /** A keyed hash of the username, the same as in the log of the gateway. */
  readonly user: string;
  readonly finding: 'pair' | 'similar' | 'password' | 'username';
  /** `YYYY-MM-DD`, in UTC. */
  readonly day: string;
}

/** Sent by `events test`, to see that a sink is set up. */
export interface TestEvent {
  readonly type: 'credveil.test';
  /** Random: each test is an event of its own. */
  readonly nonce: string;
}

export type NotifyEvent =
  | AccountLeaked
  | AccountNamed
  | WatchFound
  | CanaryFound
  | QuotaUsedUp
  | SnapshotStale
  | ReloadFailed
  | LoginLeaked
  | TestEvent;

export type EventType = NotifyEvent['type'];

/** What makes two events of a type the same one. The month of a source may become known later. */
const IDENTITY: {
  readonly [Type in EventType]: readonly Exclude<keyof Extract<NotifyEvent, { readonly type: Type }>, 'type'>[];
} = {
  'account.leaked': ['account', 'source', 'finding'],
  'account.named': ['account', 'source'],
  'watch.found': ['account', 'source', 'finding'],
  'canary.found': ['canary', 'source', 'finding'],
  'quota.used_up': ['client', 'policy', 'day'],
  'snapshot.stale': ['snapshot', 'validUntil', 'state'],
  'reload.failed': ['what', 'code', 'day'],
  'login.leaked': ['app', 'login', 'user', 'finding', 'day'],
  'credveil.test': ['nonce'],
};

export const EVENT_TYPES = Object.keys(IDENTITY) as EventType[];

/** An event, as whoever found it hands it over. */
export interface NewEvent {
  readonly event: NotifyEvent;
  /**
   * Tells findings of one account and source apart, such as its stored hash: an account that was
   * reset and leaked again is a new finding. Only a keyed digest of it is kept.
   */
  readonly evidence?: string;
}

/** Whether a date can be made of it. */
export const isTime = (ms: number): boolean => Math.abs(ms) <= 8.64e15;

const LEAKED_AT: readonly EventType[] = ['account.leaked', 'account.named', 'watch.found', 'canary.found'];

/** An event from its JSON. @returns undefined if it is none */
export function parseEvent(json: string): NotifyEvent | undefined {
  let event: { readonly [name: string]: unknown };
  try {
    event = Object(JSON.parse(json));
  } catch {
    return undefined;
  }
  const type = EVENT_TYPES.find((one) => one === event.type);
  if (type === undefined || !IDENTITY[type].every((name) => typeof event[name] === 'string')) return undefined;
  const { leakedAt } = event;
  if (LEAKED_AT.includes(type) && leakedAt !== null && typeof leakedAt !== 'string') return undefined;
  return event as unknown as NotifyEvent;
}

/** An event with its id and the time at which it was first committed. */
export interface StoredEvent {
  readonly id: string;
  readonly atMs: number;
  readonly event: NotifyEvent;
}

const ID_BYTES = 18;

/**
 * Derives the id of an event from its content: the same finding has the same id whenever it is
 * made.
 * @param key of the outbox. Evidence may be a digest that is fast to guess.
 */
export function deriveEventId(key: Uint8Array, { event, evidence = '' }: NewEvent): string {
  const fields = event as unknown as { readonly [name: string]: string };
  const parts = [event.type, ...IDENTITY[event.type].map((name) => fields[name]), evidence];
  const digest = createHmac('sha256', key).update(JSON.stringify(parts)).digest();
  return `evt_${digest.subarray(0, ID_BYTES).toString('base64url')}`;
}
