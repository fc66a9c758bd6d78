// The source of an expression for JavaScript's engine and for re2js: the same, but for places.

import type { ByteSet } from './byte-set.ts';
import type { Place, RegexNode } from './node.ts';

export type Dialect = 'javascript' | 're2';

const PLACES: { readonly [D in Dialect]: { readonly [P in Place]: string } } = {
  javascript: {
    start: '^',
    end: '$',
    'line start': '(?<![^\\n])',
    'line end': '(?![^\\n])',
    'word boundary': '\\b',
    'no word boundary': '\\B',
  },
  re2: {
    start: '\\A',
    end: '\\z',
    'line start': '(?m:^)',
    'line end': '(?m:$)',
    'word boundary': '\\b',
    'no word boundary': '\\B',
  },
};

/** Every set is written out as bytes, so that no flag and no table of Unicode matters. */
export function formatRegex(node: RegexNode, dialect: Dialect): string {
  switch (node.kind) {
    case 'set':
      return formatSet(node.set);
    case 'assert':
      return PLACES[dialect][node.place];
    case 'sequence':
      return node.items
        .map((item) => (item.kind === 'choice' ? group(item, dialect) : formatRegex(item, dialect)))
        .join('');
    case 'choice':
      return node.items.map((item) => formatRegex(item, dialect)).join('|');
    case 'repeat': {
      const item = node.item.kind === 'set' ? formatSet(node.item.set) : group(node.item, dialect);
      return `${item}${formatTimes(node.min, node.max)}`;
    }
  }
}

const group = (node: RegexNode, dialect: Dialect): string => `(?:${formatRegex(node, dialect)})`;

function formatTimes(min: number, max: number): string {
  if (min === 0 && max === 1) return '?';
  if (!Number.isFinite(max)) return min === 0 ? '*' : min === 1 ? '+' : `{${min},}`;
  return min === max ? `{${min}}` : `{${min},${max}}`;
}

function formatSet(set: ByteSet): string {
  const ranges = set.map(([first, last]) =>
    first === last ? formatByte(first) : `${formatByte(first)}-${formatByte(last)}`,
  );
  const [range, ...others] = set;
  return range && others.length === 0 && range[0] === range[1] ? formatByte(range[0]) : `[${ranges.join('')}]`;
}

function formatByte(byte: number): string {
  const sign = String.fromCharCode(byte);
  return /[A-Za-z0-9_]/.test(sign) ? sign : `\\x${byte.toString(16).padStart(2, '0')}`;
}
