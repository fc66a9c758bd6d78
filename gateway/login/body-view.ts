// What the handler of one login may find in a body: by its type, or whatever the type is.

import type { Exchange } from '../exchange.ts';
import { BodyScan, type Elsewhere } from './body/body-scan.ts';
import type { Field } from './body/fields.ts';
import { isLong, matchFields, type Target } from './body/match-fields.ts';
import { readPath } from './body/path-fields.ts';
import type { ReadBody, Reading } from './body/read-body.ts';
import { type Candidate, pathIn } from './find-login.ts';

/** Everything that a request has fields in. */
export interface Source {
  readonly exchange: Exchange;
  readonly body: ReadBody;
  readonly query: readonly Field[];
  readonly cookies: readonly Field[];
  /** In what may stand another text with fields, such as JSON: each value of body and query. */
  readonly values: () => readonly string[];
}

export interface BodyView {
  readonly fields: readonly Field[];
  /** Why a server may read other fields or values. */
  readonly problem?: string | undefined;
  /** Whether a field may be the password: in the body, or beside a username in the query. */
  readonly isFound: boolean;
  /** All fields that a login is found by are among those that expressions see. */
  readonly isSeen: boolean;
  /** A password of the query may be the only one. */
  readonly isOfQuery: boolean;
  /** A scan has found them in the beginning of its body. */
  readonly isInScan?: boolean;
  /** It may have these fields, and nobody can tell what stands in them. */
  readonly isUnread?: boolean;
  /** Looks for what comes after the beginning of the body, which it has seen. */
  readonly scan?: BodyScan;
  /** Looks for it in what the body is decompressed to, from its beginning on. */
  readonly scanInside?: BodyScan;
}

export function viewOf(candidate: Candidate, source: Source): BodyView {
  return candidate.isStrict ? ofPlace(candidate, source) : ofFields(candidate, source);
}

/** Of a login that its place tells: whatever may be read in two ways is a problem. */
function ofPlace(candidate: Candidate, { body, query }: Source): BodyView {
  const isOfOtherType = body.typeProblem !== undefined;
  const guesses = body.readings.filter(({ isGuess }) => isGuess);
  const read = isOfOtherType ? guesses : guesses.filter((reading) => hasPair(candidate, reading, query));
  return {
    fields: [...body.fields, ...read.flatMap(({ fields }) => fields)],
    problem: body.typeProblem ?? body.problem ?? (read.length > 0 ? 'it reads as another type too' : undefined),
    isFound: true,
    isSeen: true,
    isOfQuery: false,
  };
}

/** Of a login that fields tell, in whatever type an application reads them. */
function ofFields(candidate: Candidate, source: Source): BodyView {
  const { body, query, cookies } = source;
  const { isOpaque, fault, readings, hidden, charsetProblem } = body;
  const read = readings.filter(
    (reading) => !reading.isBroken && (!reading.isGuess || mayBePair(candidate, reading, query)),
  );
  const fields = read.flatMap((reading) => reading.fields);
  const found = read.filter((reading) => hasPassword(candidate, reading.fields));
  const { isElsewhere: needsBoth = false } = candidate.login;
  const named = needsBoth ? [...query, ...cookies] : query;
  const elsewhere = { username: hasUser(candidate, named), password: hasPassword(candidate, query) };
  const options = { ...elsewhere, needsBoth };
  const scan = body.isUncertain ? new BodyScan(candidate.names, body.kind, options) : undefined;
  const isInScan = scan !== undefined && isHiddenIn(scan, body, candidate, options);
  const isHidden = hasPassword(candidate, hidden) || isInScan;
  const ofReading = isHidden ? body.problem : found.find(({ problem }) => problem !== undefined)?.problem;
  const problem = isOpaque ? 'its encoding hides its fields' : (charsetProblem ?? ofReading);
  const isOfQuery = elsewhere.password && hasUser(candidate, [...named, ...fields, ...hidden]);
  const isOfGuess = isOfQuery && !hasUser(candidate, [...named, ...body.fields]);
  return {
    fields,
    problem: problem ?? (isHidden ? 'a field cannot be read' : undefined),
    isFound: isOpaque || isHidden || found.length > 0 || isOfQuery,
    isSeen: !isOpaque && !isHidden && !isOfGuess && fault === undefined && !found.some(({ isGuess }) => isGuess),
    isOfQuery,
    isInScan,
    isUnread: isOpaque || isHidden || (found.length === 0 && isUnreadText(candidate, source, elsewhere)),
    ...(scan && { scan }),
    ...(body.decompression && { scanInside: new BodyScan(candidate.names, body.kind, options) }),
  };
}

/** Such as XML: another reader may find the fields in it that it names. */
function isUnreadText(candidate: Candidate, source: Source, elsewhere: Elsewhere): boolean {
  const { names, usernames } = candidate;
  const { body } = source;
  if (hasNested(candidate, source, elsewhere.username)) return true;
  const isRead = ['form', 'json', 'multipart'].includes(body.kind) || isJson(body);
  if (isRead && !body.isUncertain) return false;
  const text = `${body.text}\n${body.raw ?? ''}`.replaceAll('\0', '');
  const wanted = body.kind === 'xml' ? names : names.long;
  const hasName = usernames.length === 0 || elsewhere.username || wanted.usernames.isWordIn(text);
  return wanted.passwords.isWordIn(text) && hasName;
}

/**
 * Whether values have the names, such as JSON in a field of a form, or in a file of it.
 * @param isNamed whether that of the user stands elsewhere, or needs to stand nowhere
 */
export function hasNested(
  { names: { long }, usernames }: Candidate,
  { values: all }: Pick<Source, 'values'>,
  isNamed: boolean,
): boolean {
  const values = all();
  return (
    values.some((value) => long.passwords.isKeyInValue(value)) &&
    (isNamed || usernames.length === 0 || values.some((value) => long.usernames.isKeyInValue(value)))
  );
}

/** Scripts send it as text. */
const isJson = ({ readings, raw }: ReadBody): boolean =>
  raw === undefined && readings.some(({ as, isBroken }) => as === 'json' && !isBroken);

/** What was read as one type has no names but those of its fields. */
function isHiddenIn(
  scan: BodyScan,
  { kind, raw, text, readings }: ReadBody,
  { names }: Candidate,
  elsewhere: Elsewhere,
): boolean {
  // What goes on as it came is scanned on as it came.
  scan.pushText(raw ?? text);
  if (raw !== undefined && scan.foundAs.length > 0) return true;
  const inside = raw === undefined ? scan : new BodyScan(names, kind, elsewhere);
  if (raw !== undefined) inside.pushText(text);
  return inside.foundAs.some((as) => !readings.some((reading) => reading.as === as && !reading.isBroken));
}

const hasPassword = ({ passwords }: Candidate, fields: readonly Field[]): boolean =>
  matchFields(passwords, fields).isFound;

/** Of a username in the body, in the query or in a cookie. */
export const namesUser = (candidate: Candidate, view: BodyView, { query, cookies, body }: Source): boolean =>
  hasUser(candidate, [...view.fields, ...query, ...cookies, ...body.hidden]);

const hasUser = ({ usernames }: Candidate, fields: readonly Field[]): boolean =>
  usernames.length === 0 || matchFields(usernames, fields).isFound;

/** One of both may stand in the query. */
function hasPair(candidate: Candidate, { fields }: Reading, query: readonly Field[]): boolean {
  const all = [...fields, ...query];
  return hasPassword(candidate, all) && hasUser(candidate, all);
}

/** In what may be anything: no name that is there by chance. */
function mayBePair(candidate: Candidate, reading: Reading, query: readonly Field[]): boolean {
  const { usernames, passwords } = candidate;
  const fields = reading.as === 'form' ? reading.fields.filter(({ name }) => !LINE_END.test(name)) : reading.fields;
  const isIn = (targets: readonly Target[]): boolean =>
    matchFields(targets, query).isFound || matchFields(targets.filter(isLong), fields).isFound;
  return isIn(passwords) && (usernames.length === 0 || isIn(usernames));
}

/** Such as `$password =` in a program, on a line of its own. */
const LINE_END = /[\r\n]/;

/** As `$_REQUEST` of PHP and `Request` of ASP have fields: from path and cookies, too. */
export function withPlace(source: Source): Source {
  const { exchange, query, cookies } = source;
  const names = exchange.hold?.rules.names;
  // Only the application can set those of a session: they are sealed.
  const sent = cookies.filter(({ name }) => names?.isSession(name) !== true);
  return { ...source, query: [...query, ...readPath(pathIn(exchange)), ...sent] };
}

/** A name alone may stand in any path, as in any cookie. */
export const withNames = (source: Source): Source => ({
  ...source,
  cookies: [...source.cookies, ...readPath(pathIn(source.exchange))],
});
