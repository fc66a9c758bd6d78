// JSON as every parser reads it: no member twice, and no text that languages decode differently.

import { type Field, type Fields, MAX_FIELDS, problemIn } from './fields.ts';
import { isBroken, withTrimmed } from './texts.ts';

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g;
/**
 * An end that is missing is that of the text: it never fails behind a quote, so that each character
 * is looked at once.
 */
const STRINGS = /"((?:[^"\\]|\\[\s\S]|\\$)*)(?:"|$)/g;

/** @param body each character is one byte */
export function readJson(body: string): Fields {
  const text = Buffer.from(body, 'latin1').toString('utf8');
  // Some parsers drop it, some refuse.
  const plain = text.startsWith('\ufeff') ? text.slice(1) : text;
  if (plain.includes('\ufffd')) return { fields: namesIn(plain), problem: 'it is not UTF-8', isBroken: true };
  let root: unknown;
  try {
    root = JSON.parse(plain);
  } catch {
    return { fields: namesIn(plain), problem: 'it is not JSON', isBroken: true };
  }
  const fields = leavesOf(plain);
  if (!fields) return { fields: namesIn(plain), problem: 'it is nested too deep', isBroken: true };
  const cut = fields.length > MAX_FIELDS ? ({ isBroken: true } as const) : {};
  const problem =
    typeof root !== 'object' || root === null || Array.isArray(root) ? 'it is no object of JSON' : undefined;
  return { fields, problem: problem ?? problemIn(fields) ?? brokenIn(fields), ...cut };
}

const brokenIn = (fields: readonly Field[]): string | undefined =>
  fields.some(({ name, texts }) => isBroken(name) || texts.some(isBroken)) ? 'a text is no Unicode' : undefined;

interface Open {
  readonly isObject: boolean;
  /** Of what comes next. */
  key: string;
  isKey: boolean;
}

/** No login is deeper, and each field has a path of this length. */
const MAX_DEPTH = 64;

/**
 * Strings with their paths, and whatever else has a place. The text is JSON.
 * @returns undefined if it is too deep
 */
function leavesOf(text: string): Field[] | undefined {
  const fields: Field[] = [];
  const open: Open[] = [];
  const add = (texts: readonly string[]): void => {
    // Some servers read an array of one text as that text.
    const path = open.filter(({ isObject }) => isObject).map(({ key }) => key);
    fields.push({ name: path.join('.'), path, texts });
  };
  for (const [token] of text.matchAll(TOKEN)) {
    const top = open.at(-1);
    switch (token) {
      case '{':
      case '[':
        open.push({ isObject: token === '{', key: '', isKey: token === '{' });
        break;
      case '}':
      case ']':
        open.pop();
        break;
      case ',':
        if (top?.isObject) top.isKey = true;
        break;
      case ':':
        break;
      default:
        if (top?.isObject && top.isKey) {
          top.key = JSON.parse(token) as string;
          top.isKey = false;
        } else if (token !== 'null') add(token.startsWith('"') ? withTrimmed([JSON.parse(token) as string]) : []);
    }
    if (open.length > MAX_DEPTH) return undefined;
    if (fields.length > MAX_FIELDS) break;
  }
  return fields;
}

/** Every name that a parser may find, and every value, in whatever is said to be JSON. */
function namesIn(text: string): Field[] {
  return [...text.matchAll(STRINGS)].map(([, raw = '']) => {
    const name = decoded(raw);
    return { name, path: [name], texts: [] };
  });
}

function decoded(raw: string): string {
  try {
    return JSON.parse(`"${raw}"`) as string;
  } catch {
    return raw;
  }
}
