// Paths that routers of applications take for each other: Express, ASP.NET and servlets ignore
// case, slashes at the end and parameters, Rails takes a format behind a name, and front
// controllers of PHP (Laravel, Symfony, Yii) a path behind a script or in a query. A login is a
// restriction, so that any of these readings makes a request one.

import type { Argument, Comparison, Expression, Literal, PatternLiteral, Value } from '../rules/syntax/ast.ts';
import { readForm } from './body/form.ts';

/** A part of a path as an expression has it, and as `plainPath` makes it. */
export interface PathLiteral {
  readonly text: string;
  readonly plain: string;
}

const FORMAT = /\.[a-z][a-z\d]{0,7}$/;

const SCRIPT_NAME = String.raw`[^/.]+\.(?:php|phtml|cgi|fcgi|pl|dll)`;
/** Of a front controller: `/index.php/login` is `/login` there. */
const SCRIPT = new RegExp(`/${SCRIPT_NAME}(?=/)`);

const withoutScript = (path: string): string => path.replace(SCRIPT, '');

/** In lower case, without parameters, doubled slashes and slashes at the end. */
export function plainPath(path: string): string {
  const plain = path
    .toLowerCase()
    .replace(/;[^/]*/g, '')
    .replace(/\/{2,}/g, '/');
  return plain.length > 1 && plain.endsWith('/') ? plain.slice(0, -1) : plain;
}

/** Paths, or their beginnings, that an expression names. */
export const pathsIn = (expression: Expression): readonly string[] =>
  [...new Set(textsOf(expression))].filter((text) => text.startsWith('/') && text.length > 1);

/** Those of an expression that no plain path equals. */
export function pathLiteralsOf(expression: Expression): readonly PathLiteral[] {
  return pathsIn(expression)
    .flatMap((text) => {
      const plain = plainPath(text);
      return [...new Set([plain, withoutScript(plain)])].map((each) => ({ text, plain: each }));
    })
    .filter(({ text, plain }) => text !== plain && plain.length > 1);
}

/**
 * Those that have a literal as an expression spells it, and those that have all of them.
 * @returns further readings of a path, few for most
 */
export function routerReadings(path: string, literals: readonly PathLiteral[]): readonly string[] {
  const plain = plainPath(path);
  const readings = new Set<string>();
  const bases = [plain, withoutScript(plain)];
  for (const base of new Set([...bases, ...bases.map((each) => each.replace(FORMAT, ''))])) {
    readings.add(base);
    for (const literal of literals) readings.add(spell(base, literal));
    readings.add(literals.reduce(spell, base));
  }
  readings.delete(path);
  return [...readings];
}

/** A script, or a folder, whose index is one. */
const FRONT = new RegExp(`/(?:${SCRIPT_NAME})?$`);
const ROUTE = /^\/?[\w.-]+(?:\/[\w.-]+)*\/?$/;
const MAX_ROUTE = 200;
/** Arguments from which front controllers take a path. */
const ROUTE_NAMES = [
  'r',
  'q',
  'route',
  '_route',
  'url',
  '_url',
  'uri',
  'path',
  'page',
  'p',
  'action',
  'do',
  'controller',
];

/**
 * Paths that a front controller takes from a query: `/index.php?r=login`, `/?/login`.
 * @param query as it stands in the target
 */
export function routesIn(path: string, query: string | undefined): readonly string[] {
  if (query === undefined || !FRONT.test(path)) return [];
  const { fields } = readForm(query);
  const routes = ROUTE_NAMES.flatMap((name) => {
    const values = fields.filter((field) => field.name.toLowerCase() === name).map(({ texts: [text = ''] }) => text);
    return [values[0], values.at(-1)];
  });
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  return [query.startsWith('/') ? fields[0]?.name : undefined, ...routes].flatMap((route = '') => {
    if (route.length > MAX_ROUTE || !ROUTE.test(route)) return [];
    const own = route.replace(/^\//, '');
    return [...new Set([`/${own}`, folder + own])];
  });
}

function spell(path: string, { text, plain }: PathLiteral): string {
  const at = path.indexOf(plain);
  if (at < 0) return path;
  const rest = path.slice(at + plain.length);
  if (!text.endsWith('/')) return `${path.slice(0, at)}${text}${rest}`;
  return rest === '' || rest.startsWith('/') ? `${path.slice(0, at)}${text}${rest.slice(1)}` : path;
}

function textsOf(expression: Expression): readonly string[] {
  switch (expression.kind) {
    case 'logic':
      return expression.items.flatMap(textsOf);
    case 'not':
    case 'group':
      return textsOf(expression.item);
    case 'test':
      return textsOfValue(expression.value);
    default:
      return [...textsOfValue(expression.value), ...literalsOf(expression).flatMap(textOf)];
  }
}

function literalsOf(comparison: Comparison): readonly Literal[] {
  if (comparison.kind === 'in-set') return comparison.items;
  if (comparison.kind === 'matches') return [beginningOf(comparison.pattern)];
  return 'literal' in comparison ? [comparison.literal] : [];
}

/** Up to the first character that is none of a plain path. */
function beginningOf({ pattern, span }: PatternLiteral): Literal {
  const [, bytes = ''] = /^\^?((?:[\w/-]|\\[./-])+)(?![?*+{])/.exec(pattern) ?? [];
  return { kind: 'bytes', bytes: bytes.replaceAll('\\', ''), span };
}

const textOf = (literal: Literal): readonly string[] => (literal.kind === 'bytes' ? [literal.bytes] : []);

/** Of the arguments of functions, as in `starts_with(http.request.uri.path, "/enter")`. */
const textsOfValue = ({ base }: Value): readonly string[] =>
  base.kind === 'call' ? base.args.flatMap(textsOfArgument) : [];

function textsOfArgument(argument: Argument): readonly string[] {
  switch (argument.kind) {
    case 'value':
      return textsOfValue(argument);
    case 'bytes':
      return [argument.bytes];
    case 'int':
    case 'int-range':
    case 'address':
    case 'network':
    case 'address-range':
      return [];
    default:
      return textsOf(argument);
  }
}
