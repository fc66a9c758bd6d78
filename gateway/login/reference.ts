// Where a login has its username or password: what an expression such as
// `http.request.body.form["log"][0]` refers to.
//
// Expressions name a place rather than compute a value, since a login is refused whose place holds
// more than one value, or one under a name that servers confuse with it.

import { parseText } from '../rules/rule.ts';
import type { Argument, Index, Value } from '../rules/syntax/ast.ts';
import { RuleError } from '../rules/syntax/rule-error.ts';

/**
 * `body`: a member of the body, whether it comes as a form, as multipart or as JSON. An application
 * may read each of them, so that a login has to be found in each.
 */
export type FieldReference =
  | { readonly place: 'body'; readonly path: readonly string[] }
  | { readonly place: 'query'; readonly name: string }
  | { readonly place: 'header'; readonly name: string }
  | { readonly place: 'basic'; readonly part: 'username' | 'password' }
  | { readonly place: 'xmlrpc'; readonly position: number };

/** Their values are found decoded, and trimmed or not. */
const TRANSPARENT: ReadonlySet<string> = new Set(['url_decode', 'lower', 'to_string']);

/** Presets name the same few places for each application, and again with each reload. */
const known = new Map<string, FieldReference>();
const MAX_KNOWN = 1_000;

/** @throws {RuleError} for an expression that names no place */
export function parseReference(source: string): FieldReference {
  const reference = known.get(source) ?? readReference(source);
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(source, reference);
  return reference;
}

function readReference(source: string): FieldReference {
  const value = parseText(source);
  const reference = referenceOf(value);
  if (reference) return reference;
  throw new RuleError(
    'PLACE_UNKNOWN',
    source,
    value.span,
    'No credential is read from here.',
    'Write http.request.body.form["name"][0], lookup_json_string(http.request.body.raw, "name"), ' +
      'http.request.uri.args["name"][0], http.request.headers["name"][0], credveil.basic.password or ' +
      'credveil.xmlrpc.params[1].',
  );
}

function referenceOf({ base, indexes }: Value): FieldReference | undefined {
  if (base.kind === 'call') {
    const [first, ...keys] = base.args;
    if (first?.kind !== 'value' || indexes.length > 0) return undefined;
    if (TRANSPARENT.has(base.name)) return referenceOf(first);
    return base.name === 'lookup_json_string' && isRawBody(first) ? memberOf(keys) : undefined;
  }
  const [first, second] = indexes;
  switch (base.name) {
    case 'credveil.basic.username':
      return { place: 'basic', part: 'username' };
    case 'credveil.basic.password':
      return { place: 'basic', part: 'password' };
    case 'credveil.xmlrpc.params':
      return first?.kind === 'at' ? { place: 'xmlrpc', position: first.position } : undefined;
    default:
      return first?.kind === 'key' && isFirst(second) ? placeOf(base.name, textOf(first.key)) : undefined;
  }
}

function placeOf(field: string, name: string): FieldReference | undefined {
  if (field === 'http.request.uri.args') return { place: 'query', name };
  if (field === 'http.request.headers') return { place: 'header', name };
  const isOfBody = field === 'http.request.body.form' || field === 'http.request.body.multipart';
  return isOfBody ? { place: 'body', path: pathOf(name) } : undefined;
}

/** `user[name]` is a member of `user`; a dot is part of a name. */
export function pathOf(name: string): readonly string[] {
  const [, first = '', rest = ''] = /^([^[\]]+)((?:\[[^[\]]+\])+)$/.exec(name) ?? [];
  return first === '' ? [name] : [first, ...rest.slice(1, -1).split('][')];
}

function memberOf(keys: readonly Argument[]): FieldReference | undefined {
  const path = keys.map((key) => (key.kind === 'bytes' ? textOf(key.bytes) : ''));
  return path.includes('') ? undefined : { place: 'body', path };
}

const isRawBody = ({ base, indexes }: Value): boolean =>
  base.kind === 'field' && base.name === 'http.request.body.raw' && indexes.length === 0;

const isFirst = (index: Index | undefined): boolean => index?.kind === 'at' && index.position === 0;

const textOf = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');
