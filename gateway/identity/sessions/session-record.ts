// Sessions as the state has them: one of a person at the gateway's own pages, and one of each
// application that they opened from there.

import type { FactorMethod, GivenFactor } from '../../factors/factor.ts';
import type { Person } from '../person.ts';

/** Of a person, since they signed in. */
export interface PersonRecord {
  readonly person: Person;
  /** Milliseconds since 1970. */
  readonly signedInAt: number;
  /** When the provider asked who they are; 0 where it does not say. */
  readonly authenticatedAt: number;
  /** When it was last used, at one of the applications or at the gateway's pages. */
  readonly seenAt: number;
  /** What it lasts at most. */
  readonly untilMs: number;
  /** For the provider, when the person signs out. */
  readonly signOutHint?: string | undefined;
  /** What they have shown beside. Default: nothing. */
  readonly factors?: readonly GivenFactor[];
  /** The provider's own name of the session (`sid`), if it has one. */
  readonly providerSession?: string | undefined;
}

/** At the host of applications. It lasts no longer than the session of its person. */
export interface AppRecord {
  readonly host: string;
  /** The id of the person's session, as the state has it. */
  readonly personId: string;
  readonly seenAt: number;
  /** Without a request, it lasts until then. */
  readonly untilMs: number;
  /** A keyed hash of its person: it outlives their session for a day. */
  readonly who: string;
}

/** A session of an application that begins. */
export interface NewApp extends Pick<AppRecord, 'host' | 'personId' | 'seenAt'> {
  readonly person: Pick<Person, 'provider' | 'subject'>;
}

/** A session of an application, with the person's that it belongs to. */
export interface StoredSession {
  readonly app: AppRecord;
  readonly person: PersonRecord;
}

/** What a provider says has ended: a session there, or all of a person. */
export interface ProviderEnd {
  readonly provider: string;
  readonly subject: string | undefined;
  readonly providerSession: string | undefined;
}

/** What a session may last. */
export interface Durations {
  /** Since the person signed in. */
  readonly absoluteMs: number;
  /** Without a request. */
  readonly idleMs: number;
}

/** Where a session of a person began. */
export interface SessionOrigin {
  /** The provider's own name of the session (`sid`), if it has one. */
  readonly providerSession?: string | undefined;
  /** What its person recognizes the browser by. */
  readonly browser?: string | undefined;
}

/** A session as its person sees it. */
export interface OwnedSession {
  readonly id: string;
  readonly record: PersonRecord;
  readonly browser: string;
  /** What they opened in it. */
  readonly apps: readonly AppRecord[];
}

/** A new meaning of these texts gets a new one. */
const VERSION = 3;

export function formatPersonRecord(record: PersonRecord): string {
  const { person, signedInAt, authenticatedAt, seenAt, untilMs } = record;
  const { factors = [], providerSession = null, signOutHint = null } = record;
  const { provider, subject, email = null, groups, claims, amr } = person;
  const given = factors.map(({ method, factor, at, trustedFrom }) => [method, factor, at, trustedFrom]);
  const times = [signedInAt, authenticatedAt, seenAt, untilMs];
  return JSON.stringify([
    ...[VERSION, ...times, provider, subject, email, groups, [...claims], amr, given, providerSession, signOutHint],
  ]);
}

export const formatAppRecord = ({ host, personId, seenAt, untilMs, who }: AppRecord): string =>
  JSON.stringify([VERSION, host, personId, seenAt, untilMs, who]);

/** Undefined for anything that the functions above did not write. */
export function parsePersonRecord(text: string): PersonRecord | undefined {
  const parts = parse(text, 14);
  if (!parts) return undefined;
  const [, signedInAt, authenticatedAt, seenAt, untilMs, provider, subject, email, groups, claims, ...more] = parts;
  const [amr, given, sid, hint] = more;
  if (!isTime(signedInAt) || !isTime(authenticatedAt) || !isTime(seenAt) || !isTime(untilMs)) return undefined;
  if (!isText(provider) || !isText(subject) || !(email === null || isText(email))) return undefined;
  if (!isTexts(groups) || !isTexts(amr) || !isClaims(claims)) return undefined;
  if (!(sid === null || isText(sid)) || !(hint === null || isText(hint))) return undefined;
  const factors = Array.isArray(given) ? given.map(parseGiven) : [undefined];
  if (!factors.every((each) => each !== undefined)) return undefined;
  const person = { provider, subject, email: email ?? undefined, groups, claims: new Map(claims), amr };
  const ofProvider = { providerSession: sid ?? undefined, signOutHint: hint ?? undefined };
  return { person, signedInAt, authenticatedAt, seenAt, untilMs, factors, ...ofProvider };
}

const METHODS: readonly unknown[] = ['security_key', 'biometrics', 'totp', 'recovery'] satisfies FactorMethod[];

function parseGiven(value: unknown): GivenFactor | undefined {
  if (!Array.isArray(value) || value.length !== 4) return undefined;
  const [method, factor, at, trustedFrom] = value as unknown[];
  if (!METHODS.includes(method) || typeof factor !== 'string' || !isTime(at) || !isTime(trustedFrom)) return undefined;
  return { method: method as FactorMethod, factor, at, trustedFrom };
}

/** Undefined for anything that the functions above did not write. */
export function parseAppRecord(text: string): AppRecord | undefined {
  const [, host, personId, seenAt, untilMs, who] = parse(text, 6) ?? [];
  if (!isText(host) || !isText(personId) || !isTime(seenAt) || !isTime(untilMs) || !isText(who)) return undefined;
  return { host, personId, seenAt, untilMs, who };
}

function parse(text: string, length: number): readonly unknown[] | undefined {
  try {
    const parts: unknown = JSON.parse(text);
    return Array.isArray(parts) && parts.length === length && parts[0] === VERSION ? parts : undefined;
  } catch {
    return undefined;
  }
}

const isTime = (value: unknown): value is number => Number.isSafeInteger(value);
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every((each) => isText(each));
const isClaims = (value: unknown): value is [string, string[]][] =>
  Array.isArray(value) && value.every((each) => Array.isArray(each) && isText(each[0]) && isTexts(each[1]));
