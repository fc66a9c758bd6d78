// How PHP registers variables: php_register_variable_ex in main/php_variables.c.

import type { Pairs } from './pairs.ts';

type Value = string | Map<string, Value>;

export function phpPairs(pairs: Pairs): Map<string, Value> {
  const root = new Map<string, Value>();
  for (const [name, value] of pairs) register(root, name, value);
  return root;
}

/** @returns the text there, which may be empty; undefined if there is none */
export function phpValue(root: Map<string, Value>, path: readonly string[]): string | undefined {
  let value: Value | undefined = root;
  for (const name of path) value = value instanceof Map ? value.get(name) : undefined;
  return typeof value === 'string' ? value : undefined;
}

function register(root: Map<string, Value>, given: string, value: string): void {
  const nul = given.indexOf('\0');
  const name = (nul < 0 ? given : given.slice(0, nul)).replace(/^ +/, '');
  const open = name.indexOf('[');
  const base = (open < 0 ? name : name.slice(0, open)).replace(/[ .]/g, '_');
  if (open < 0) {
    if (base !== '') root.set(base, value);
    return;
  }
  const keys: string[] = [];
  let at = open;
  while (name[at] === '[') {
    const close = name.indexOf(']', at);
    if (close < 0) {
      // The bracket is part of the name then.
      if (at === open) root.set(`${base}_${name.slice(at + 1).replace(/[ .[]/g, '_')}`, value);
      break;
    }
    keys.push(name.slice(at + 1, close).replace(/^[ \t]+/, ''));
    at = close + 1;
  }
  if (keys.length === 0) return;
  let holder = root;
  for (const [i, key] of [base, ...keys].entries()) {
    const used = key === '' && i > 0 ? String(holder.size) : key;
    if (i === keys.length) holder.set(used, value);
    else {
      const next = holder.get(used);
      const map = next instanceof Map ? next : new Map<string, Value>();
      holder.set(used, map);
      holder = map;
    }
  }
}
