// Sessions as the state has them: one of a person at the gateway's own pages, and one of each
// application that they opened from there.

import type { FactorMethod, GivenFactor } from '../../factors/factor.ts';
import type { Person } from '../person.ts';

/** Of the browser that began a session, or showed a factor in it last. */
export interface Marks {
  /** The autonomous system of its address. */
  readonly asn: number;
  readonly ja4: string;
  /** Its family. */
  readonly browser: string;
}

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
  readonly marks?: Marks | undefined;
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
  /** The longest pause between two requests since the person signed in. */
  readonly idledMs: number;
  /** A keyed hash of its person: it outlives their session for a day. */
  readonly who: string;
}

/** Of a session at a host. */
export type LastUse = Pick<AppRecord, 'seenAt' | 'idledMs'>;

/** The longest pause so far, if the session is used at this time. */
export const idledUntil = ({ seenAt, idledMs }: LastUse, now: number): number =>
  seenAt === 0 ? 0 : Math.max(idledMs, now - seenAt);

/** A session of an application that begins. */
export interface NewApp extends Pick<AppRecord, 'host' | 'personId' | 'seenAt'> {
  readonly person: Pick<Person, 'provider' | 'source' | 'subject'>;
}

/** A session of an application, with the person's that it belongs to. */
export interface StoredSession {
  readonly app: AppRecord;
  readonly person: PersonRecord;
}

/** What a provider says has ended: a session there, or all of a person. */
export interface ProviderEnd {
  readonly provider: string;
  readonly source: string;
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
const VERSION = 4;

export function formatPersonRecord(record: PersonRecord): string {
  const { person, signedInAt, authenticatedAt, seenAt, untilMs } = record;
  const { factors = [], providerSession = null, signOutHint = null, marks } = record;
  const { provider, source, subject, email = null, groups, claims, amr } = person;
  const given = factors.map(({ method, factor, at, trustedFrom }) => [method, factor, at, trustedFrom]);
  const times = [signedInAt, authenticatedAt, seenAt, untilMs];
  return JSON.stringify([
    ...[VERSION, ...times, provider, source, subject, email, groups],
    ...[[...claims], amr, given, providerSession, signOutHint],
    marks ? [marks.asn, marks.ja4, marks.browser] : null,
  ]);
}

export const formatAppRecord = ({ host, personId, seenAt, untilMs, idledMs, who }: AppRecord): string =>
  JSON.stringify([VERSION, host, personId, seenAt, untilMs, idledMs, who]);

/** Undefined for anything that the functions above did not write. */
export function parsePersonRecord(text: string): PersonRecord | undefined {
  const parts = parse(text, 16);
  if (!parts) return undefined;
  const [, signedInAt, authenticatedAt, seenAt, untilMs, provider, source, subject, ...more] = parts;
  const [email, groups, claims, amr, given, sid, hint, marked] = more;
  if (!isTime(signedInAt) || !isTime(authenticatedAt) || !isTime(seenAt) || !isTime(untilMs)) return undefined;
  if (!isText(provider) || !isText(source) || !isText(subject)) return undefined;
  if (!(email === null || isText(email))) return undefined;
  if (!isTexts(groups) || !isTexts(amr) || !isClaims(claims)) return undefined;
  if (!(sid === null || isText(sid)) || !(hint === null || isText(hint))) return undefined;
  const factors = Array.isArray(given) ? given.map(parseGiven) : [undefined];
  if (!factors.every((each) => each !== undefined)) return undefined;
  const marks = marked === null ? undefined : parseMarks(marked);
  if (marked !== null && !marks) return undefined;
  const person = { provider, source, subject, email: email ?? undefined, groups, claims: new Map(claims), amr };
  const ofProvider = { providerSession: sid ?? undefined, signOutHint: hint ?? undefined };
  return { person, signedInAt, authenticatedAt, seenAt, untilMs, factors, marks, ...ofProvider };
}

function parseMarks(value: unknown): Marks | undefined {
  if (!Array.isArray(value) || value.length !== 3) return undefined;
  const [asn, ja4, browser] = value as unknown[];
  return isTime(asn) && isText(ja4) && isText(browser) ? { asn, ja4, browser } : undefined;
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
  const [, host, personId, seenAt, untilMs, idledMs, who] = parse(text, 7) ?? [];
  if (!isText(host) || !isText(personId) || !isText(who)) return undefined;
  if (!isTime(seenAt) || !isTime(untilMs) || !isTime(idledMs)) return undefined;
  return { host, personId, seenAt, untilMs, idledMs, who };
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
