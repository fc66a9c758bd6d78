// What the answer to a login has opened, and whose it is.

import { lettersOf } from '../checks/user-letters.ts';
import type { Exchange } from '../exchange.ts';
import { headerValues } from '../header-pairs.ts';
import type { Attempt, Judgement } from '../login/attempt.ts';
import { isOfBrowser, isOfFields, UNKNOWN } from '../login/attempt.ts';
import { readingsOf } from '../login/body/texts.ts';
import { judgeOutcome } from '../login/outcome.ts';
import { spelled } from '../login/spellings.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import type { HoldExchange, Signed } from '../quarantine/hold-exchange.ts';
import { askWhoami } from '../quarantine/whoami.ts';
import type { HeldResponse } from '../upstream/held-response.ts';
import { isOfNameless } from './check/nameless-login.ts';
import { ownHeadersFor } from './forward-request.ts';

/** What a login has opened, and for whom; undefined if nothing. */
export interface Rise {
  /** As the application itself names the user; undefined if it did not say, or named several. */
  readonly user: string | undefined;
  /** All whom it names. */
  readonly users: readonly string[];
  /** Nobody was signed in before, or somebody else: it was the login. */
  readonly isSure: boolean;
}

const UNSURE: Rise = { user: undefined, users: [], isSure: false };

/**
 * What the answer to a login has opened. Where no cookie names a user, the application says who is
 * signed in: before and after, since it may have logged in the session that was there. Nothing was
 * opened where it shows that nobody is in, or where a failure that no client can bring about has
 * changed nothing. Of the same name may be two users, and what looks like a failure may be none.
 */
export async function riseOf(
  exchange: Exchange,
  held: HeldResponse,
  { isOwnForm = false, isFailure = () => false }: RiseHints = {},
): Promise<Rise | undefined> {
  const { hold, application } = exchange;
  if (!hold) return undefined;
  if (hold.rules.whoami.length === 0) {
    const session = application?.sessions?.sessionOf(held.headers);
    if (!session) return undefined;
    const { users, isNameless } = session;
    return { user: users.length === 1 && !isNameless ? users[0] : undefined, users, isSure: true };
  }
  const rises = await risesBy(exchange, hold, held.headers, { isSame: isOwnForm, isUnchanged: isFailure });
  const [first, ...others] = rises.filter((rise) => rise !== undefined);
  if (first) return oneOf([first, ...others]);
  // Of several cookies the page was asked with one; and who still answers may still log in.
  const mayBeOther = (!held.isWhole && !isOwnForm) || setsOneTwice(hold, held.headers);
  return mayBeOther && !isFailure() ? UNSURE : undefined;
}

/** What else is known of a login. */
export interface RiseHints {
  /** Of somebody who was signed in before: many a form of theirs has such fields. */
  readonly isOwnForm?: boolean;
  /** No client can bring it about. */
  readonly isFailure?: () => boolean;
}

/** Something else of the request may have signed in somebody, whom another page shows. */
function oneOf(rises: readonly Rise[]): Rise {
  const users = [...new Set(rises.flatMap((rise) => rise.users))];
  const [user, ...others] = users;
  const isOfOne = others.length === 0 && rises.every((rise) => rise.user === user);
  return {
    user: others.length === 0 ? user : undefined,
    users,
    isSure: isOfOne && rises.some(({ isSure }) => isSure),
  };
}

/** Of somebody who was signed in before: many a form of theirs has such fields. */
export const isOwnForm = (exchange: Exchange, attempt: Attempt): boolean =>
  isOfFields(attempt) && wasSignedIn(exchange);

export const wasSignedIn = ({ hold }: Exchange): boolean =>
  hold?.before.some((each) => each !== 'unknown' && each.user !== undefined) === true;

/**
 * How limits count what has the fields of a login, and has signed nobody in: many a form has such
 * fields, and so has a guess.
 */
export function countedForm(
  exchange: Exchange,
  { logins }: Pick<Attempt, 'logins'>,
  held: HeldResponse,
): Pick<Judgement, 'outcome' | 'isProven'> {
  const isGuess = !wasSignedIn(exchange) && judgeOutcome(logins, exchange, held).outcome === 'failure';
  return { outcome: isGuess ? 'unknown' : 'success', isProven: false };
}

/** By each page: with the sessions behind the login, and with those that the browser has sent. */
async function risesBy(
  exchange: Exchange,
  hold: HoldExchange,
  headers: readonly string[],
  hints: SameUser,
): Promise<readonly (Rise | undefined)[]> {
  const pages = await signedIn(exchange, hold, headers);
  const isChanged = !hold.jar.isEmpty && hold.jar.isSetBy(headers);
  const withSent = isChanged ? await signedIn(exchange, hold, []) : [];
  return [...pages.entries(), ...withSent.entries()].map(([i, after]) => riseBy(hold.before[i], after, hints));
}

/** What it means that the same user is signed in as before. */
interface SameUser {
  /** Nothing was opened: many a form changes what the page shows beside the name. */
  readonly isSame: boolean;
  /** So it is if the page is the same, too. */
  readonly isUnchanged: () => boolean;
}

function riseBy(before: Signed = NOBODY, after: Signed, { isSame: isOwn, isUnchanged }: SameUser): Rise | undefined {
  if (after === 'unknown') return UNSURE;
  if (after.user === undefined) return undefined;
  if (before === 'unknown') return { user: after.user, users: [after.user], isSure: false };
  const isSame = before.user === after.user;
  if (isSame && (isOwn || (before.print === after.print && isUnchanged()))) return undefined;
  return { user: after.user, users: [after.user], isSure: !isSame };
}

const NOBODY: Signed = { user: undefined };

/**
 * Who is signed in, by each page of whoami.
 * @param headers of an answer, names and values in turn
 */
export async function signedIn(
  exchange: Exchange,
  hold: HoldExchange,
  headers: readonly string[],
): Promise<readonly Signed[]> {
  const { application, head } = exchange;
  const { whoami, names } = hold.rules;
  if (!application || !head) return [];
  // Cookies that a client chooses could change the page, or make it fail.
  const ofSessions = hold.jar
    .after(headers, cookiesOf(exchange))
    .split('; ')
    .filter((pair) => names.isSession(pair.slice(0, Math.max(0, pair.indexOf('=')))));
  const own = ownHeadersFor(exchange);
  return Promise.all(whoami.map((page) => askWhoami(application.origin, page, own, ofSessions.join('; '))));
}

const cookiesOf = ({ head }: Exchange): string => headerValues(head?.headers ?? [], 'cookie').join('; ');

/** A browser keeps both for different paths, and whoever is none keeps what he wants. */
function setsOneTwice(hold: HoldExchange, headers: readonly string[]): boolean {
  const names = hold.jar.namesSetBy(headers);
  return new Set(names).size < names.length;
}

/**
 * Whether a login may have logged somebody in whom the page of whoami does not show: the
 * application may know no user behind a right password.
 */
export const mayBeRight = ({ login }: Attempt, { outcome, asksSecondFactor }: Judgement): boolean =>
  !isOfBrowser(login) || (asksSecondFactor !== true && outcome !== 'failure');

/**
 * As the application names whoever may confirm a login. With a session of his own, or something
 * else in the same request that signs in, somebody could log another user in beside it, and confirm
 * that as himself: the names that were typed have to be that user's too, letter by letter, as two
 * users may have names that look alike. Where the application shows nobody, they alone tell, if the
 * operator knows them.
 * @returns undefined if nobody may @throws StateError
 */
export async function ownerOf(
  exchange: Exchange,
  typed: readonly string[],
  rise: Rise | undefined,
  { people }: PipelineParts,
): Promise<string | undefined> {
  const { hold, application } = exchange;
  if (!hold || !application) return undefined;
  const user = rise?.user;
  if (rise && hold.rules.whoami.length === 0) return user;
  if (rise && rise.users.length > 1) return undefined;
  if (typed.length === 0 && !isOfNameless(exchange, rise)) return undefined;
  const persons = await Promise.all(typed.map(async (each) => people?.factors?.userOf(hold.realm, each)));
  const name = user ?? typed.find((_, i) => persons[i] !== undefined);
  if (name === undefined) return undefined;
  if (user === undefined && hold.before.some((each) => each === 'unknown' || each.user !== undefined)) return undefined;
  const person = await people?.factors?.userOf(hold.realm, name);
  if (persons.some((other) => other !== undefined && other !== person)) return undefined;
  const isOwn = (each: string, i: number): boolean =>
    each === name || (person !== undefined && (persons[i] === person || each.toLowerCase() === person));
  const own = typed.filter(isOwn);
  const ofOwn = new Set([...spelled(own, application.logins.spellings).names, ...own.flatMap(readingsOf)]);
  return typed.every((each) => ofOwn.has(each)) ? name : undefined;
}

/** Of two users the names may have the same letters, in another case or without accents. */
export interface Likeness {
  /** In whatever spelling. */
  readonly isTheirs: boolean;
  /** Exactly, or of the same person by the import. */
  readonly isSame: boolean;
}

const NOT_THEIRS: Likeness = { isTheirs: false, isSame: false };
const THE_SAME: Likeness = { isTheirs: true, isSame: true };

/**
 * Whether the user whom the application names for sure is whose login it is: something else in the
 * same request may have signed in somebody else. Each name that it may have read has to be that
 * user's, and of nobody else, in whatever spelling.
 * @param names all that an application may read as the username @throws StateError
 */
export async function likenessOf(
  exchange: Exchange,
  names: readonly string[],
  rise: Rise | undefined,
  { people }: PipelineParts,
): Promise<Likeness> {
  const { hold, application } = exchange;
  if (!hold || !application || !rise?.isSure || rise.user === undefined) return NOT_THEIRS;
  const typed = names.filter((name) => name.trim() !== '');
  if (typed.length === 0) return isOfNameless(exchange, rise) ? THE_SAME : NOT_THEIRS;
  const { user } = rise;
  const { spellings } = application.logins;
  const knownBy = async (name: string) => people?.factors?.namesOf(hold.realm, name);
  const personOf = async (name: string) => people?.factors?.userOf(hold.realm, name);
  const person = (await knownBy(user))?.person;
  const isAlike = async (name: string): Promise<boolean> => {
    const known = name === user ? undefined : await knownBy(name);
    if (known === undefined || known.names.length === 0) return lettersOf(name) === lettersOf(user);
    return known.person !== undefined && known.person === person;
  };
  // By that very name: `Bob` may be somebody else than `bob`, who was imported.
  const exact = await personOf(user);
  const isSame = async (name: string): Promise<boolean> =>
    name === user || (exact !== undefined && (name.toLowerCase() === exact || (await personOf(name)) === exact));
  const areAll = async (isOwn: (name: string) => Promise<boolean>): Promise<boolean> => {
    const isEach = await Promise.all(
      typed.map(async (name) => (await Promise.all(spelled([name], spellings).names.map(isOwn))).includes(true)),
    );
    const own = new Set(typed.filter((_, i) => isEach[i]).flatMap(readingsOf));
    return typed.every((name, i) => isEach[i] || own.has(name));
  };
  return (await areAll(isAlike)) ? { isTheirs: true, isSame: await areAll(isSame) } : NOT_THEIRS;
}

/**
 * Who was not signed in before the login, and is behind it, has the password, whatever its answer
 * looks like. Where only nobody knows, or somebody else is in, such as one whose name looks like
 * what was typed, the password may be wrong: it is checked, and counted so.
 */
export function withRise(told: Judgement, { isSure }: Rise, isSame: boolean): Judgement {
  if (isSame)
    return { ...(told.outcome === 'success' && told), outcome: 'success', isProven: true, beginsSession: true };
  if (isSure) return { ...told, isProven: false, beginsSession: true };
  return told.outcome === 'success' ? told : { ...UNKNOWN, beginsSession: true };
}

/**
 * Whether all names of the user whom it names were asked for: those of whoever was imported so.
 * @throws StateError
 */
export const isImported = async (
  { hold }: Exchange,
  { user }: Pick<Rise, 'user'>,
  { people }: PipelineParts,
): Promise<boolean> =>
  hold !== undefined && user !== undefined && (await people?.factors?.namesOf(hold.realm, user))?.isExact === true;
