// What a request at a login has as its credential, read so that no application reads another one.

import type { Exchange } from '../exchange.ts';
import { pairsOf } from '../header-pairs.ts';
import type { Attempt, FindMember, Login } from './attempt.ts';
import type { Field } from './body/fields.ts';
import { readCookies, readForm } from './body/form.ts';
import { folded } from './body/names.ts';
import { type RawBody, type ReadBody, readBody } from './body/read-body.ts';
import { textsOfBytes } from './body/texts.ts';
import { argumentAt } from './body/xml-rpc-arguments.ts';
import { type Candidate, contextsOf, judge } from './find-login.ts';
import { basicOf, headerOf } from './login-fields.ts';
import { type Matches, matchFields, type Target, targetsOf } from './match-fields.ts';
import { type FieldReference, pathOf } from './reference.ts';

export type LoginRefusal = 'LOGIN_UNREADABLE' | 'LOGIN_TOO_LARGE' | 'LOGIN_CODING_UNKNOWN';

export type LoginReading =
  /** No credential: an ordinary request. */
  | { readonly kind: 'none' }
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
const MAX_PASSWORDS = 4;

/** @param content undefined if no candidate reads the body, or there is none */
export function readLogin(
  exchange: Exchange,
  candidates: readonly Candidate[],
  content: Pick<RawBody, 'bytes' | 'isWhole'> | undefined,
): LoginReading & { readonly findMember: FindMember } {
  const body = readBody({
    type: headerOf(exchange, 'content-type'),
    coding: codingOf(exchange),
    bytes: content?.bytes ?? Buffer.alloc(0),
    isWhole: content?.isWhole ?? true,
  });
  const contexts = contextsOf(exchange, body);
  const isAt = ({ login }: Candidate): boolean => judge(login, contexts) !== false;
  const source = sourceOf(exchange, body);
  const found = candidates.flatMap((candidate) => {
    const credential = collect(candidate, source);
    const isHere = candidate.isStrict
      ? isAt(candidate) || isUnreadCall(candidate, body)
      : isByFields(candidate, source, isAt);
    return isHere ? [{ candidate, ...credential }] : [];
  });
  return { ...merge(found, body.fault), findMember: (name) => membersIn(source, name) };
}

/** What servers may read of any member of the body, as of a username. */
function membersIn({ body, query }: Source, name: string): readonly string[] {
  const targets = targetsOf([pathOf(name)], 'username');
  return [...body.fields, ...body.hidden, ...query].flatMap((field) => matchFields(targets, [field]).texts);
}

/** What is found of one login. */
interface Found extends Credential {
  readonly candidate: Candidate;
}

/** All that match are one attempt: a decoy at one login does not hide another. */
function merge(found: readonly Found[], fault: ReadBody['fault']): LoginReading {
  const first = found.find(({ candidate }) => candidate.isStrict) ?? found[0];
  if (!first) return { kind: 'none' };
  const withPassword = found.filter(({ passwords }) => passwords.length > 0);
  const { login } = (withPassword.find(({ candidate }) => candidate.isStrict) ?? withPassword[0] ?? first).candidate;
  const logins = withPassword.map(({ candidate }) => candidate.login);
  const typed = [...new Set(found.flatMap((one) => one.usernames))];
  const usernames = [...new Set([...typed, ...found.flatMap((one) => one.ofCookies)])];
  const passwords = [...new Set(found.flatMap((one) => one.passwords))];
  const attempt =
    passwords.length > 0
      ? {
          login,
          logins,
          usernames: usernames.slice(0, MAX_USERNAMES),
          typed: countedOf(typed, usernames).slice(0, MAX_USERNAMES),
          passwords: passwords.slice(0, MAX_PASSWORDS),
        }
      : undefined;
  const isTooMuch = usernames.length > MAX_USERNAMES || passwords.length > MAX_PASSWORDS;
  const why =
    found.map(({ problem }) => problem).find((one) => one !== undefined) ??
    (isTooMuch ? 'it has too many usernames or passwords' : undefined);
  if (why !== undefined) return { kind: 'refused', code: codeOf(fault), why, login, attempt };
  return attempt ? { kind: 'attempt', attempt } : { kind: 'none' };
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

function problemOfCall({ text, fault, isCoded, call }: ReadBody): string | undefined {
  if (fault !== undefined) return fault;
  if (text === '') return undefined;
  if (isCoded) return 'it is compressed';
  const method = call()?.method;
  if (method === undefined) return 'it is no plain call of XML-RPC';
  return method === 'system.multicall' ? 'it is many calls in one' : undefined;
}

/** Everything that a request has fields in. */
interface Source {
  readonly exchange: Exchange;
  readonly body: ReadBody;
  readonly query: readonly Field[];
  readonly cookies: readonly Field[];
}

function sourceOf(exchange: Exchange, body: ReadBody): Source {
  return {
    exchange,
    body,
    query: readForm(exchange.head?.query ?? '').fields,
    cookies: readCookies(headerOf(exchange, 'cookie') ?? ''),
  };
}

/** A list of codings is none that anybody sends with a login. */
function codingOf({ head }: Exchange): string | undefined {
  const codings = pairsOf(head?.headers ?? []).filter(([name]) => name.toLowerCase() === 'content-encoding');
  return codings.length === 0 ? undefined : codings.map(([, value]) => value).join(',');
}

/**
 * A request that fields make a login has its password. Where those fields cannot be read, it may be
 * one.
 */
function isByFields(candidate: Candidate, { body, query }: Source, isAt: (candidate: Candidate) => boolean): boolean {
  if (body.fault === 'unknown coding' || (body.fault !== undefined && body.text === '')) return true;
  const isFound = matchFields(candidate.passwords, [...body.fields, ...body.hidden, ...query]).isFound;
  const isPartial = body.fault !== undefined || (body.problem !== undefined && body.kind !== 'form');
  return isFound && (isPartial || isAt(candidate));
}

interface Credential {
  readonly usernames: readonly string[];
  /** More usernames: few servers read cookies as fields. */
  readonly ofCookies: readonly string[];
  readonly passwords: readonly string[];
  readonly problem?: string | undefined;
}

function collect(candidate: Candidate, source: Source): Credential {
  const { login } = candidate;
  const { body } = source;
  const usernames = collectPart(login.usernames, candidate.usernames, source, false);
  const passwords = collectPart(login.passwords, candidate.passwords, source, true);
  const ofBody = !candidate.readsBody
    ? undefined
    : candidate.isXmlRpc
      ? problemOfCall(body)
      : (body.fault ?? body.problem);
  return {
    usernames: usernames.texts,
    ofCookies: usernames.ofCookies,
    passwords: [...passwords.texts, ...passwords.ofCookies],
    problem: ofBody ?? passwords.problem ?? (passwords.isFound ? usernames.problem : undefined),
  };
}

interface Part extends Matches {
  readonly ofCookies: readonly string[];
}

function collectPart(
  references: readonly FieldReference[],
  targets: readonly Target[],
  source: Source,
  isPassword: boolean,
): Part {
  const parts: (Matches & Partial<Part>)[] = [
    ...(targets.length > 0 ? [ofMembers(targets, source, isPassword)] : []),
    ...references.map((reference) => ofHead(reference, source)),
  ];
  return {
    texts: parts.flatMap(({ texts }) => texts),
    ofCookies: parts.flatMap(({ ofCookies = [] }) => ofCookies),
    isFound: parts.some(({ isFound }) => isFound),
    problem: parts.map(({ problem }) => problem).find((one) => one !== undefined),
  };
}

const NOTHING: Matches = { texts: [], isFound: false };

/** Of the body, and of what some servers read as if it were in the body. */
function ofMembers(targets: readonly Target[], { body, query, cookies }: Source, isPassword: boolean): Part {
  const inBody = matchFields(targets, body.fields);
  const inQuery = matchFields(targets, query);
  const inClear = matchFields(targets, body.hidden);
  const ofQuery = isPassword && inQuery.isFound ? 'its query has a password' : undefined;
  return {
    texts: [...inBody.texts, ...inClear.texts, ...inQuery.texts],
    ofCookies: matchFields(targets, cookies).texts,
    isFound: inBody.isFound || inClear.isFound || inQuery.isFound,
    problem: inBody.problem ?? inClear.problem ?? ofQuery,
  };
}

function ofHead(reference: FieldReference, { exchange, body, query }: Source): Matches {
  switch (reference.place) {
    case 'body':
      return NOTHING;
    case 'query': {
      const letters = folded(reference.name);
      return onlyOne(query.filter(({ path }) => folded(path.join('')) === letters).map(({ texts }) => texts));
    }
    case 'header': {
      const values = pairsOf(exchange.head?.headers ?? []).filter(([name]) => name.toLowerCase() === reference.name);
      return onlyOne(values.map(([, value]) => textsOfBytes(value)));
    }
    case 'basic': {
      const reading = basicOf(exchange);
      if (reading === 'none') return NOTHING;
      if (reading === 'malformed') return { texts: [], isFound: true, problem: 'its Authorization is malformed' };
      return onlyOne([reading[reference.part]]);
    }
    case 'xmlrpc': {
      const call = body.call();
      const argument = call && argumentAt(call, reference.position);
      return argument ? { ...argument, isFound: true } : NOTHING;
    }
  }
}

const onlyOne = (values: readonly (readonly string[])[]): Matches => ({
  texts: values.flat(),
  isFound: values.length > 0,
  problem: values.length > 1 ? 'a field stands twice' : undefined,
});
