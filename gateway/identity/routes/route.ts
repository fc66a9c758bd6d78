// What the gateway's routes about people share.

import { ClientGoneError } from '../../../runtime/http/problem.ts';
import { readBody } from '../../../runtime/http/request-body.ts';
import { type AnswerCode, Refusal } from '../../answers/kinds.ts';
import type { Applications } from '../../applications.ts';
import type { Exchange } from '../../exchange.ts';
import type { Geo } from '../../geo/geo.ts';
import { OwnCookie } from '../../request/own-cookies.ts';
import { StateError } from '../../state/state.ts';
import { hasDrifted } from '../sessions/drift.ts';
import type { PersonRecord } from '../sessions/session-record.ts';
import { SessionStore } from '../sessions/session-store.ts';
import type { SignInRequest } from '../sessions/sessions.ts';
import type { Identity } from '../setup/identity.ts';
import type { People } from '../setup/people.ts';

export interface RouteParts {
  readonly people: People;
  readonly identity: Identity;
  readonly applications: Applications;
  readonly geo: Geo | undefined;
  readonly observe: RouteObserve;
}

/** Where is told what becomes of requests. */
export interface RouteObserve {
  answered(exchange: Exchange, code: AnswerCode | 'REDIRECTED'): void;
  allowed(exchange: Exchange): void;
}

/** An answer with a way on to the site that the browser came from. */
export class BackToSite extends Error {
  readonly code: AnswerCode;
  readonly href: string;

  constructor(code: AnswerCode, { origin, target }: Pick<SignInRequest, 'origin' | 'target'>) {
    super(code);
    this.code = code;
    this.href = origin + target;
  }
}

/** Of a person, at the gateway's own pages. The state decides what it is worth. */
export const PERSON_COOKIE = new OwnCookie('cv-session', 30 * 86_400_000);

export const WAY_TTL_MS = 10 * 60_000;
/** Of a browser that is on its way to sign in. */
export const WAY_COOKIE = new OwnCookie('cv-way', WAY_TTL_MS);

/** Where an address has what counts once. */
export const NO_REFERRER = ['Referrer-Policy', 'no-referrer'];

const MAX_FORM_BYTES = 16_384;

/**
 * The fields of a form. A length is what bounds the body before any of it is read.
 * @throws Refusal `FORM_MALFORMED`; ClientGoneError if the client has left
 */
export async function readForm({ head, message }: Exchange): Promise<URLSearchParams> {
  const isForm = /^application\/x-www-form-urlencoded *(?:;|$)/i.test(message.headers['content-type'] ?? '');
  if (!isForm || typeof head?.body !== 'number' || head.body > MAX_FORM_BYTES) throw new Refusal('FORM_MALFORMED');
  return new URLSearchParams(head.body === 0 ? '' : Buffer.from(await readBody(message)).toString('latin1'));
}

export interface OwnSession {
  readonly id: string;
  /** It may be used by somebody else: nothing that was shown in it counts. */
  readonly hasDrifted: boolean;
  readonly record: PersonRecord;
}

/** Of the browser that visits the gateway's own pages, by the rules of now. @throws StateError */
export async function ownSessionOf(
  exchange: Exchange,
  { people, identity, geo }: RouteParts,
): Promise<OwnSession | undefined> {
  const { head, isSecure } = exchange;
  const value = head && PERSON_COOKIE.in(head.ownCookies, isSecure);
  if (value === undefined) return undefined;
  const id = SessionStore.idOf(value);
  const record = await people.store.readPerson(id);
  if (!record || !isCurrent(record, identity)) return undefined;
  const isElsewhere = identity.watchesDrift && hasDrifted(record.marks, exchange, geo);
  return { id, record: isElsewhere ? { ...record, factors: [] } : record, hasDrifted: isElsewhere };
}

/** Rules may be stricter than when it began, and its provider another one. */
function isCurrent({ person, signedInAt, seenAt }: PersonRecord, { knows, ofPerson }: Identity): boolean {
  const now = Date.now();
  return knows(person) && now - signedInAt < ofPerson.absoluteMs && now - seenAt < ofPerson.idleMs;
}

/** The one value of a parameter; undefined if there is none, or several. */
export function parameterOf({ head }: Exchange, name: string): string | undefined {
  const [value, ...others] = new URLSearchParams(head?.query ?? '').getAll(name);
  return others.length === 0 ? value : undefined;
}

/** Whatever needs the state, and does not get it, answers so. */
export async function needingState<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof StateError ? new Refusal('SESSIONS_AWAY') : error;
  }
}

/** What answers a route. */
export type Answer = (exchange: Exchange, parts: RouteParts) => Promise<void> | void;

/** An answer of such a route, or one with a link to the site that somebody came from. */
export async function answerOrLeadBack(exchange: Exchange, parts: RouteParts, answer: Answer): Promise<void> {
  try {
    await answer(exchange, parts);
  } catch (error) {
    if (error instanceof ClientGoneError) return;
    if (!(error instanceof BackToSite)) throw error;
    exchange.answer(error.code, { link: { href: error.href, text: 'Open the site again' } });
    parts.observe.answered(exchange, error.code);
  }
}
