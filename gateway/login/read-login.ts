// What a request at a login has as its credential, read so that no application reads another one.

import type { Exchange } from '../exchange.ts';
import { headerValues } from '../header-pairs.ts';
import { type Attempt, type FindMember, isOfBrowser, type Login } from './attempt.ts';
import type { BodyScan } from './body/body-scan.ts';
import type { Decompression } from './body/decompress.ts';
import { readCookies, readForm } from './body/form.ts';
import { matchFields, targetsOf } from './body/match-fields.ts';
import { folded } from './body/names.ts';
import { once, type RawBody, type ReadBody, readBody } from './body/read-body.ts';
import { type BodyView, hasNested, namesUser, type Source, viewOf, withNames, withPlace } from './body-view.ts';
import { collectPart } from './collect-part.ts';
import { type Candidate, contextsOf, cookiesIn, isBelowPlace, judge } from './find-login.ts';
import { headerOf } from './login-fields.ts';
import { pathOf } from './reference.ts';
import { spelled } from './spellings.ts';
import { type FoundCredential, toldOf } from './told-credential.ts';

export type LoginRefusal = 'LOGIN_UNREADABLE' | 'LOGIN_TOO_LARGE' | 'LOGIN_CODING_UNKNOWN';

/** Looks for the fields of a login in what was not read of a body. */
export interface LoginScan {
  readonly login: Login;
  readonly scan: BodyScan;
  /** Of what it is decompressed to, from its beginning on. */
  readonly scanInside?: BodyScan | undefined;
}

export type LoginReading =
  /** No credential: an ordinary request, whose body has not all been read if there are scans. */
  | {
      readonly kind: 'none';
      readonly scans: readonly LoginScan[];
      /** How its body is decoded, if it could not be decoded in one piece. */
      readonly decompression?: Decompression | undefined;
      /** Whether a login that comes late comes behind more than a login needs. */
      readonly isLong: boolean;
    }
  | { readonly kind: 'attempt'; readonly attempt: Attempt }
  | {
      readonly kind: 'refused';
      readonly code: LoginRefusal;
      /** For the operator: names no value. */
      readonly why: string;
      readonly login: Login;
      /** What could be read all the same, for applications that let it through. */
      readonly attempt: Attempt | undefined;
    };

/** What a check can take of one attempt. */
const MAX_USERNAMES = 16;
const MAX_PASSWORDS = 6;
/** Each is one more name to ask for, and no application has more. */
const MAX_OF_COOKIES = 2;

/** @param content undefined if no candidate reads the body, or there is none */
export function readLogin(
  exchange: Exchange,
  candidates: readonly Candidate[],
  content: Pick<RawBody, 'bytes' | 'isWhole'> | undefined,
): LoginReading & RequestTexts {
  const body = readBody({
    type: headerOf(exchange, 'content-type'),
    coding: codingOf(exchange),
    bytes: content?.bytes ?? Buffer.alloc(0),
    isWhole: content?.isWhole ?? true,
  });
  const contexts = contextsOf(exchange, body);
  const isAt = ({ login }: Candidate): boolean => judge(login, contexts) !== false;
  const source = sourceOf(exchange, body);
  const ofAnyPlace = isBelowPlace(exchange) ? withPlace(source) : source;
  const all: Found[] = [];
  const unread: Login[] = [];
  const scans: LoginScan[] = [];
  for (const candidate of candidates) {
    const from = candidate.login.isElsewhere ? ofAnyPlace : source;
    const named = candidate.login.isElsewhere ? withNames(from) : from;
    const view = viewOf(candidate, from);
    const isHere = candidate.isStrict
      ? isAt(candidate) || isUnreadCall(candidate, body)
      : isByFields(candidate, view, () => isAt(candidate)) &&
        (!candidate.login.isElsewhere || view.isInScan || namesUser(candidate, view, named));
    if (candidate.login.isElsewhere && view.isUnread) unread.push(candidate.login);
    if (isHere) {
      const found = collect(candidate, named, view);
      all.push(found);
      if (candidate.login.isElsewhere && found.isUnread) unread.push(candidate.login);
    } else if (view.scan && (body.fault === 'too large' || view.scanInside))
      scans.push({ login: candidate.login, scan: view.scan, scanInside: view.scanInside });
  }
  const found = withoutRepeated(all);
  const reading = merge(found, body.fault, exchange) ?? {
    kind: 'none',
    scans,
    decompression: body.decompression,
    isLong: body.fault === 'too large',
  };
  // At a place of its own it is refused if it cannot be read, but for credentials in its head.
  const isOfPlace = found.some(({ candidate: { isStrict, readsBody } }) => isStrict && readsBody);
  // Of a longer one, the rest is looked through on its way.
  const ofOthers = isOfPlace || body.fault === 'too large' ? undefined : (unread[0] ?? unreadIn(reading));
  // There, the name of a password in a value is enough: who logs in there sends one.
  const nested =
    reading.kind === 'none' ? found.find(({ candidate }) => hasNested(candidate, source, true)) : undefined;
  const hides = ofOthers ?? nested?.candidate.login;
  return {
    ...reading,
    hides,
    findMember: (name) => membersIn(source, name),
    otherTexts: () => otherTextsIn(source, found),
  };
}

/** What a described login has read already is no other one. */
function withoutRepeated(all: readonly Found[]): readonly Found[] {
  const described = all.filter(({ candidate }) => !candidate.login.isElsewhere);
  const read = new Set(described.flatMap(textsOf));
  const isOther = (one: Found): boolean => one.problem !== undefined || textsOf(one).some((text) => !read.has(text));
  const isAny = ({ candidate, allPasswords, problem }: Found): boolean =>
    candidate.readsBody || allPasswords.length > 0 || problem !== undefined;
  return all.filter((one) => (one.candidate.login.isElsewhere ? isOther(one) : isAny(one)));
}

const textsOf = ({ usernames, ofCookies, allPasswords }: Found): readonly string[] => [
  ...[...usernames, ...ofCookies.flatMap(({ texts }) => texts)].map((name) => `name ${name}`),
  ...allPasswords.map((password) => `password ${password}`),
];

const unreadIn = (reading: LoginReading): Login | undefined =>
  reading.kind === 'refused' && reading.login.isElsewhere ? reading.login : undefined;

interface RequestTexts {
  /** Of whose fields the request may have more than could be read, though nothing describes it. */
  readonly hides: Login | undefined;
  readonly findMember: FindMember;
  /** What servers may read in any field of the body, query and cookies but the password's own. */
  readonly otherTexts: () => readonly string[];
}

const NUMBERS = /[:[,]\s*(-?\d[\d.eE+-]{0,40})(?=\s*[,}\]])/g;

function otherTextsIn({ body, query, cookies }: Source, found: readonly Found[]): readonly string[] {
  const secrets = new Set(found.flatMap(({ candidate }) => candidate.passwords.map(({ letters }) => letters)));
  const sent = [...body.readings.flatMap((reading) => reading.fields), ...body.hidden, ...query];
  const fields = [...sent.filter(({ path }) => !secrets.has(folded(path.join('')))), ...cookies];
  const isJson = body.readings.some((reading) => reading.as === 'json');
  const numbers = isJson ? Array.from(body.text.matchAll(NUMBERS), ([, number = '']) => number) : [];
  return [...fields.flatMap(({ texts }) => texts), ...numbers];
}

/** What servers may read of any member of the body, as of a username. */
function membersIn({ body, query }: Source, name: string): readonly string[] {
  const targets = targetsOf([pathOf(name)], 'username');
  const fields = body.readings.flatMap((reading) => reading.fields);
  return [...fields, ...body.hidden, ...query].flatMap((field) => matchFields(targets, [field]).texts);
}

/** All that match are one attempt: a decoy at one login does not hide another. */
function merge(found: readonly Found[], fault: ReadBody['fault'], { application }: Exchange): LoginReading | undefined {
  const spellings = application?.logins?.spellings ?? [];
  const first = found.find(({ candidate }) => candidate.isStrict) ?? found[0];
  if (!first) return undefined;
  const withPassword = found.filter(({ allPasswords }) => allPasswords.length > 0);
  const { login } = (withPassword.find(({ candidate }) => candidate.isStrict) ?? withPassword[0] ?? first).candidate;
  const logins = withPassword.map(({ candidate }) => candidate.login);
  const { names: typed, isTold } = spelled(
    [...new Set(found.flatMap((one) => one.usernames))].slice(0, MAX_USERNAMES + 1),
    spellings,
  );
  const ofCookies = found.flatMap((one) => one.ofCookies);
  const usernames = [...new Set([...typed, ...ofCookies.flatMap(({ texts }) => texts)])];
  const passwords = [...new Set(found.flatMap((one) => one.allPasswords))];
  const { told, problem } = toldOf(withPassword, spellings, application?.sessions);
  const attempt =
    passwords.length > 0
      ? {
          login,
          logins,
          usernames: usernames.slice(0, MAX_USERNAMES),
          typed: countedOf(typed, usernames).slice(0, MAX_USERNAMES),
          passwords: passwords.slice(0, MAX_PASSWORDS),
          told,
        }
      : undefined;
  const isTooMuch =
    usernames.length > MAX_USERNAMES ||
    passwords.length > MAX_PASSWORDS ||
    (attempt !== undefined && new Set(ofCookies.map(({ texts: [text] }) => text)).size > MAX_OF_COOKIES);
  const why =
    found.map((one) => one.problem).find((one) => one !== undefined) ??
    (isTooMuch ? 'it has too many usernames or passwords' : undefined) ??
    problem ??
    (attempt && !isTold ? 'its username is one that only the application can spell' : undefined);
  const described = found.find(({ candidate }) => !candidate.login.isElsewhere);
  const refused = described?.candidate.login ?? login;
  if (why !== undefined) return { kind: 'refused', code: codeOf(fault), why, login: refused, attempt };
  return attempt && { kind: 'attempt', attempt };
}

/** An empty username is none, unless there is nothing else. */
function countedOf(typed: readonly string[], all: readonly string[]): readonly string[] {
  const named = [typed, all].map((names) => names.filter((name) => name.trim() !== ''));
  return named.find((names) => names.length > 0) ?? all;
}

const codeOf = (fault: ReadBody['fault']): LoginRefusal =>
  fault === undefined ? 'LOGIN_UNREADABLE' : fault === 'too large' ? 'LOGIN_TOO_LARGE' : 'LOGIN_CODING_UNKNOWN';

/** A call whose method cannot be told may be any. */
const isUnreadCall = ({ isXmlRpc }: Candidate, body: ReadBody): boolean =>
  isXmlRpc && problemOfCall(body) !== undefined;

function problemOfCall({ text, fault, raw, call }: ReadBody): string | undefined {
  if (fault !== undefined) return fault;
  if (raw !== undefined) return 'it is compressed';
  if (text === '') return undefined;
  const method = call()?.method;
  if (method === undefined) return 'it is no plain call of XML-RPC';
  return method === 'system.multicall' ? 'it is many calls in one' : undefined;
}

function sourceOf(exchange: Exchange, body: ReadBody): Source {
  const query = readForm(exchange.head?.query ?? '').fields;
  const values = once(() => [
    ...[...body.readings.flatMap(({ fields }) => fields), ...query].flatMap(({ texts }) => texts),
    ...(body.kind === 'multipart' ? [body.text] : []),
  ]);
  return { exchange, body, query, cookies: readCookies(cookiesIn(exchange)), values };
}

/** A list of codings is none that anybody sends with a login. */
function codingOf({ head }: Exchange): string | undefined {
  const codings = headerValues(head?.headers ?? [], 'content-encoding');
  return codings.length === 0 ? undefined : codings.join(',');
}

/** A request that fields make a login has its password, or it cannot be seen whether it has. */
const isByFields = (candidate: Candidate, { isFound, isSeen }: BodyView, isAt: () => boolean): boolean =>
  isFound && (!isSeen || isAt()) && candidate.passwords.length > 0;

/** With these, all that servers may read was read. */
const READ: ReadonlySet<string> = new Set([
  'a field has members',
  'a field stands twice',
  'a field stands elsewhere with another value',
  'its query has a password',
  'a semicolon stands between its fields',
  'it reads as another type too',
]);

interface Found extends FoundCredential {
  /** Of one that nothing describes: its name or password may be something that was not read. */
  readonly isUnread: boolean;
  readonly usernames: readonly string[];
  readonly problem?: string | undefined;
}

function collect(candidate: Candidate, source: Source, view: BodyView): Found {
  const { login } = candidate;
  const usernames = collectPart(login.usernames, candidate.usernames, source, { view, isPassword: false });
  const passwords = collectPart(login.passwords, candidate.passwords, source, { view, isPassword: true });
  const ofBody = !candidate.readsBody
    ? undefined
    : candidate.isXmlRpc
      ? problemOfCall(source.body)
      : (source.body.fault ?? view.problem);
  const ofPrograms = (!isOfBrowser(login) && login.spelling?.programPasswords) || (() => []);
  const withSpellings = (texts: readonly string[]) => [
    ...texts,
    ...texts.flatMap(ofPrograms).filter((text) => text !== ''),
  ];
  const { otherPasswords } = candidate;
  const others = candidate.isStrict ? collectPart([], otherPasswords, source, { view, isPassword: true }).texts : [];
  const hasPassword = passwords.isFound || passwords.ofCookies.length > 0 || others.some((text) => text !== '');
  const problem = ofBody ?? passwords.problem ?? (hasPassword ? usernames.problem : undefined);
  return {
    candidate,
    names: usernames.values,
    otherNames: usernames.others,
    secrets: passwords.values,
    usernames: usernames.texts,
    ofCookies: usernames.ofCookies,
    passwords: withSpellings(passwords.ofFields),
    allPasswords: withSpellings([...passwords.texts, ...passwords.ofCookies.flatMap(({ texts }) => texts), ...others]),
    isUnread:
      usernames.isUnread === true ||
      passwords.isUnread === true ||
      [ofBody, passwords.problem, usernames.problem].some((each) => each !== undefined && !READ.has(each)),
    // Many other forms have such fields: what could be read of them is checked.
    problem: login.isElsewhere ? (source.body.fault === 'too large' ? problem : undefined) : problem,
  };
}
