// What an expression can lose without changing whether it matches somewhere in a text.

import { EMPTY, type RegexNode } from './node.ts';

/**
 * Drops what can match nothing at either end, and repeats what stays there as seldom as is allowed:
 * `.*foo.*` is `foo`, `[0-9]+\.php` is `[0-9]\.php`. A part of the text matches the rest alone.
 */
export function simplifyRegex(node: RegexNode): RegexNode {
  return trimmed(trimmed(node, 'first'), 'last');
}

function trimmed(node: RegexNode, end: 'first' | 'last'): RegexNode {
  switch (node.kind) {
    case 'choice':
      return { kind: 'choice', items: node.items.map((item) => trimmed(item, end)) };
    case 'sequence': {
      const items = [...node.items];
      for (;;) {
        const item = end === 'first' ? items.shift() : items.pop();
        if (item === undefined) return EMPTY;
        const rest = trimmed(item, end);
        if (rest.kind === 'sequence' && rest.items.length === 0) continue;
        if (items.length === 0) return rest;
        return { kind: 'sequence', items: end === 'first' ? [rest, ...items] : [...items, rest] };
      }
    }
    case 'repeat':
      return node.min === 0 ? EMPTY : node.min === 1 ? trimmed(node.item, end) : { ...node, max: node.min };
    default:
      return node;
  }
}
