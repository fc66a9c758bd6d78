// What the schema says of a value, in words of this product: the message of each kind of mistake,
// the alternative of a union that was meant, and the key that a misspelled one stands for.

import type { z } from 'zod';
import { nearest } from '../../runtime/config/nearest.ts';
import type { Conflict, Path } from './fault.ts';
import { APP_NAME, CONFIG } from './schema.ts';

type Issue = z.core.$ZodIssue;

const KINDS: { readonly [expected: string]: string } = {
  object: 'must be an object: its keys stand below it, indented',
  record: 'must be an object: its keys stand below it, indented',
  array: 'must be a list',
  string: 'must be text',
  number: 'must be a whole number',
  int: 'must be a whole number',
  boolean: 'must be true or false',
};

const UNITS: { readonly [origin: string]: string } = { string: ' characters', array: ' entries' };

/** Of what the schema has no message for. */
export function messageOf(issue: z.core.$ZodRawIssue): string {
  const unit = UNITS[String(issue.origin)] ?? '';
  switch (issue.code) {
    case 'invalid_type':
      return KINDS[String(issue.expected)] ?? 'has a value of another kind than it must have';
    case 'too_small':
      return unit === '' ? `must be at least ${issue.minimum}` : `must have at least ${issue.minimum}${unit}`;
    case 'too_big':
      return unit === '' ? `must be at most ${issue.maximum}` : `must have at most ${issue.maximum}${unit}`;
    case 'invalid_value':
      return `must be ${(issue.values as readonly unknown[]).join(', or ')}`;
    default:
      return 'has a value that it cannot have';
  }
}

export const conflictsOf = (issues: readonly Issue[]): Conflict[] => withoutFollowing(issues).flatMap(faultsOf);

/** A value of another kind may have a length as well: what is said of that means nothing. */
function withoutFollowing(issues: readonly Issue[]): readonly Issue[] {
  const ofKind = new Set(issues.filter(({ code }) => code === 'invalid_type').map(({ path }) => JSON.stringify(path)));
  return issues.filter(({ code, path }) => code === 'invalid_type' || !ofKind.has(JSON.stringify(path)));
}

export function faultsOf(issue: Issue): Conflict[] {
  const { code, path, input } = issue;
  if (code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey([...path, key]));
  if (code === 'invalid_union') {
    const meant = meantIssues(issue).map((each) => ({ ...each, path: [...path, ...each.path] }) as Issue);
    if (meant.length > 0) return conflictsOf(meant);
  }
  if (code === 'invalid_key') {
    const meant = path[0] === 'apps' && path.length === 2 ? meantApp(String(path[1])) : undefined;
    const hint = meant === undefined ? {} : { hint: `Did you mean "${meant}"?` };
    return [{ path, isOfKey: true, message: issue.issues[0]?.message ?? issue.message, ...hint }];
  }
  const lack = input === undefined ? 'is missing; it ' : input === null ? 'has no value; it ' : '';
  return [{ path, isOfKey: false, message: `${lack}${issue.message}`, ...meantValue(issue) }];
}

/** The word that was presumably meant, where some are known. */
function meantValue(issue: Issue): { readonly hint?: string } {
  const { input } = issue;
  if (typeof input !== 'string') return {};
  const meant = nearest(input, wordsOf(issue));
  return meant === undefined ? {} : { hint: `Did you mean "${meant}"?` };
}

function wordsOf(issue: Issue): string[] {
  if (issue.code === 'invalid_value') return issue.values.filter((value) => typeof value === 'string');
  if (issue.code !== 'invalid_union') return [];
  return alternativesOf(issue).flatMap((issues) => issues.filter(({ path }) => path.length === 0).flatMap(wordsOf));
}

/** The issues of the alternative that was presumably meant; none if that cannot be told. */
function meantIssues(union: z.core.$ZodIssueInvalidUnion): readonly Issue[] {
  const fitting = alternativesOf(union).filter((issues) => !issues.some(isOfWholeValue));
  const least = Math.min(...fitting.map(misfitsOf));
  const best = fitting.filter((issues) => misfitsOf(issues) === least);
  const [only = []] = best;
  if (best.length === 1) return only;
  // What all miss says nothing: a misspelled key may belong to any of them.
  return only.filter(({ code }) => code === 'unrecognized_keys');
}

const alternativesOf = ({ errors }: z.core.$ZodIssueInvalidUnion): (readonly Issue[])[] =>
  errors.flatMap((issues) => {
    const [first] = issues;
    return first?.code === 'invalid_union' && first.path.length === 0 ? alternativesOf(first) : [issues];
  });

const isOfWholeValue = ({ path, code }: Issue): boolean => path.length === 0 && code !== 'unrecognized_keys';

/** Keys that an alternative does not know, and those that it misses. */
function misfitsOf(issues: readonly Issue[]): number {
  const counts = issues.map((issue): number => {
    if (issue.code === 'unrecognized_keys') return issue.path.length === 0 ? issue.keys.length : 0;
    return issue.path.length === 1 && issue.input === undefined ? 1 : 0;
  });
  return counts.reduce((sum, count) => sum + count, 0);
}

/** An international host in its ASCII form, in lower case, without scheme, user name and port. */
function meantApp(name: string): string | undefined {
  const rest = name.trim().replace(/^[a-z]+:\/\//i, '');
  if (!URL.canParse(`http://${rest}`)) return undefined;
  const { hostname, pathname } = new URL(`http://${rest}`);
  const meant = `${hostname}${pathname.replace(/\/+$/, '')}`;
  return APP_NAME.test(meant) ? meant : undefined;
}

function unknownKey(path: Path): Conflict {
  const known = keysAt(CONFIG, path.slice(0, -1));
  const meant = nearest(String(path.at(-1)), known);
  const hint = meant === undefined ? `The keys here are ${known.join(', ')}.` : `Did you mean "${meant}"?`;
  return { path, isOfKey: true, message: 'is not a known key', hint };
}

/** The keys that the schema knows at a place; none where an alternative has no such place. */
function keysAt(schema: unknown, path: Path): readonly string[] {
  const def = (schema as { def?: SchemaDefinition } | undefined)?.def;
  if (!def) return [];
  if (def.type === 'union') return (def.options ?? []).flatMap((option) => keysAt(option, path));
  if (def.innerType) return keysAt(def.innerType, path);
  if (def.in) return keysAt(def.in, path);
  const [next, ...rest] = path;
  if (def.type === 'object') {
    if (next === undefined) return Object.keys(def.shape ?? {});
    return keysAt(def.shape?.[String(next)], rest);
  }
  if (next === undefined) return [];
  return keysAt(def.valueType ?? def.element, rest);
}

/** What zod's schemas say of themselves. */
interface SchemaDefinition {
  readonly type: string;
  readonly options?: readonly unknown[];
  readonly innerType?: unknown;
  readonly in?: unknown;
  readonly shape?: { readonly [key: string]: unknown };
  readonly valueType?: unknown;
  readonly element?: unknown;
}
