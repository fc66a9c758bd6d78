// Compiles a regular expression into a test of bytes that takes time linear in them.

import { RE2Set } from 're2js';
import { singleOf } from './byte-set.ts';
import { formatRegex } from './format-regex.ts';
import { isLinear } from './is-linear.ts';
import type { RegexNode } from './node.ts';
import { parseRegex } from './parse-regex.ts';
import { simplifyRegex } from './simplify.ts';

export interface BytesTest {
  /** Whether the expression matches anywhere in text of which each character is one byte. */
  test(bytes: string): boolean;
  /** JavaScript's engine is fast and backtracks: expressions run in it that cannot misuse that. */
  readonly engine: 'javascript' | 're2';
}

/** Tables of one expression in re2js; beyond, it runs without them and slower. */
const MAX_TABLE_BYTES = 1 << 20;

/** @throws {RegexError} */
export function compileRegex(pattern: string): BytesTest {
  const node = simplifyRegex(parseRegex(pattern));
  if (isLinear(node)) {
    const expression = new RegExp(formatRegex(node, 'javascript'));
    return { engine: 'javascript', test: (bytes) => expression.test(bytes) };
  }
  const set = new RE2Set(RE2Set.UNANCHORED, 0, MAX_TABLE_BYTES);
  set.add(formatRegex(node, 're2'));
  set.compile();
  const literal = literalOf(node);
  const test = (bytes: string): boolean => set.match(bytes).length > 0;
  return { engine: 're2', test: literal === '' ? test : (bytes) => bytes.includes(literal) && test(bytes) };
}

/**
 * The longest text that every match of a pattern contains.
 * @throws {RegexError}
 */
export const literalIn = (pattern: string): string => literalOf(simplifyRegex(parseRegex(pattern)));

/** The longest text that every match contains. */
export function literalOf(node: RegexNode): string {
  let longest = '';
  let run = '';
  const end = (): void => {
    if (run.length > longest.length) longest = run;
    run = '';
  };
  const items = node.kind === 'sequence' ? node.items : [node];
  for (const item of items) {
    const byte = item.kind === 'set' ? singleOf(item.set) : undefined;
    if (byte !== undefined) {
      run += String.fromCharCode(byte);
      continue;
    }
    if (item.kind === 'assert') continue;
    end();
    const inner = item.kind === 'sequence' || (item.kind === 'repeat' && item.min > 0) ? literalOf(innerOf(item)) : '';
    if (inner.length > longest.length) longest = inner;
  }
  end();
  return longest;
}

const innerOf = (node: RegexNode): RegexNode => (node.kind === 'repeat' ? node.item : node);
