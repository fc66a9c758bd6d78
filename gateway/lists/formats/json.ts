// JSON as providers publish their networks, and as proxy lists are exported: Google, Bing, AWS,
// Google Cloud, Cloudflare, Fastly, or an array of texts or objects.

import type { Candidate, ListFormat } from './format.ts';

/** Where arrays of entries are; the document itself may be one. */
const ARRAYS: readonly (readonly string[])[] = [
  [],
  ['prefixes'],
  ['ipv6_prefixes'],
  ['result', 'ipv4_cidrs'],
  ['result', 'ipv6_cidrs'],
  ['addresses'],
  ['ipv6_addresses'],
  ['items'],
  ['data'],
];
/** Members of an element that hold an entry. */
const MEMBERS = ['ipv4Prefix', 'ipv6Prefix', 'ip_prefix', 'ipv6_prefix', 'cidr', 'ip', 'host', 'address'];

export const json: ListFormat = {
  *candidates(content): Generator<Candidate> {
    const document = parseDocument(content.toString('utf8'));
    for (const path of ARRAYS) {
      const array = path.reduce(memberOf, document);
      if (Array.isArray(array)) for (const element of array) yield* entriesOf(element);
    }
  },
};

/** Names of members of the document, to describe one that is no list. */
export function describeJson(content: Buffer): string {
  const document = parseDocument(content.toString('utf8'));
  if (document === undefined) return 'broken JSON';
  if (typeof document !== 'object' || document === null) return 'JSON without a list';
  const names = Object.keys(document).filter((name) => /^[A-Za-z_]\w{0,31}$/.test(name));
  return Array.isArray(document)
    ? 'a JSON array without addresses'
    : `JSON with the members ${names.slice(0, 5).join(', ')}`;
}

/** One document, or one a line. Undefined if the text is neither. */
function parseDocument(text: string): unknown {
  return parseJson(text) ?? parseJson(`[${text.trim().split(/\r?\n/).join(',')}]`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function memberOf(value: unknown, name: string): unknown {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject && Object.hasOwn(value, name) ? (value as { [name: string]: unknown })[name] : undefined;
}

function* entriesOf(element: unknown): Generator<Candidate> {
  const members = MEMBERS.map((name) => memberOf(element, name)).filter((value) => value !== undefined);
  for (const value of members.length > 0 ? members : [element])
    yield typeof value === 'string' ? Buffer.from(value).toString('latin1') : undefined;
}
