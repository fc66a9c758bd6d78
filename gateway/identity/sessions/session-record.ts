// Sessions as the state has them: one of a person at the gateway's own pages, and one of each
// application that they opened from there.

import type { Person } from '../person.ts';

/** Of a person, since they signed in. */
export interface PersonRecord {
  readonly person: Person;
  /** Milliseconds since 1970. */
  readonly signedInAt: number;
  /** When it was last used, at one of the applications or at the gateway's pages. */
  readonly seenAt: number;
  /** What it lasts at most. */
  readonly untilMs: number;
  /** For the provider, when the person signs out. */
  readonly signOutHint?: string | undefined;
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

/** A new meaning of these texts gets a new one. */
const VERSION = 1;

export function formatPersonRecord({ person, signedInAt, seenAt, untilMs, signOutHint }: PersonRecord): string {
  const { provider, subject, email = null, groups, claims, amr } = person;
  const ofPerson = [provider, subject, email, groups, [...claims], amr];
  return JSON.stringify([VERSION, signedInAt, seenAt, untilMs, ...ofPerson, signOutHint ?? null]);
}

export const formatAppRecord = ({ host, personId, seenAt, untilMs, who }: AppRecord): string =>
  JSON.stringify([VERSION, host, personId, seenAt, untilMs, who]);

/** Undefined for anything that the functions above did not write. */
export function parsePersonRecord(text: string): PersonRecord | undefined {
  const parts = parse(text, 11);
  if (!parts) return undefined;
  const [, signedInAt, seenAt, untilMs, provider, subject, email, groups, claims, amr, hint] = parts;
  if (!isTime(signedInAt) || !isTime(seenAt) || !isTime(untilMs)) return undefined;
  if (!isText(provider) || !isText(subject) || !(email === null || isText(email))) return undefined;
  if (!(hint === null || isText(hint))) return undefined;
  if (!isTexts(groups) || !isTexts(amr) || !isClaims(claims)) return undefined;
  const person = { provider, subject, email: email ?? undefined, groups, claims: new Map(claims), amr };
  return { person, signedInAt, seenAt, untilMs, signOutHint: hint ?? undefined };
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
