// The schema of lists in the configuration of the gateway.

import path from 'node:path';
import { z } from 'zod';
import { duration } from '../../runtime/config/duration.ts';
import { parseNetwork } from '../addresses/network.ts';
import { FORMAT_NAMES } from './formats/format.ts';
import { normalSerial } from './formats/serial.ts';
import { parseItem } from './list-item.ts';
import { isReserved, LIST_NAME } from './list-names.ts';
import { isTrustedUrl } from './source/trusted-url.ts';

const MAX_LISTS = 100;
const MAX_ITEMS = 10_000;
const MAX_ITEM_LENGTH = 8192;
const MAX_ARGUMENTS = 64;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Publishers of feeds block those that ask more often. */
const MIN_EVERY_URL = 5 * MINUTE;

// No message repeats the given value.

const url = z
  .string({ error: 'must be a URL' })
  .max(2048, { error: 'must be a URL of at most 2048 characters' })
  .refine((text) => URL.canParse(text) && isTrustedUrl(new URL(text)), {
    error: 'must be an https URL without user name and password, or an http URL of this machine',
  });

const command = z
  .array(z.string({ error: 'must be text' }).max(4096), { error: 'must be a list: the program and its arguments' })
  .min(1, { error: 'must name a program' })
  .max(MAX_ARGUMENTS)
  .refine(([program = '']) => path.isAbsolute(program), { error: 'must name the program by its absolute path' });

const observed = z.strictObject({
  /** How long an address stays in the list, unless the rule sets it. */
  ttl: duration('1m', '90d').default(DAY),
  maxEntries: z.int().min(1).max(1_000_000).default(100_000),
});

const LIST = z.strictObject({
  kind: z.enum(['ip', 'string', 'serial'], { error: 'must be ip, string or serial' }).default('ip'),
  items: z
    .array(z.string({ error: 'must be text' }).min(1).max(MAX_ITEM_LENGTH))
    .max(MAX_ITEMS)
    .optional(),
  file: z.string({ error: 'must be a path' }).min(1).max(4096).optional(),
  url: url.optional(),
  command: command.optional(),
  observed: observed.optional(),
  every: duration('1s', '20d').optional(),
  maxAge: duration('1m', '365d').optional(),
  timeout: duration('1s', '10m').optional(),
  format: z.enum(FORMAT_NAMES, { error: `must be one of ${FORMAT_NAMES.join(', ')}` }).optional(),
  allowPrivate: z.boolean({ error: 'must be true or false' }).optional(),
  maxEntries: z.int().min(1).max(5_000_000).optional(),
  maxBytes: z
    .int()
    .min(1)
    .max(2 ** 28)
    .optional(),
});

export type ListConfig = z.output<typeof LIST>;
export type ListsConfig = { readonly [name: string]: ListConfig };

const SOURCES = ['file', 'url', 'command'] as const;
/** What has a meaning with one of these alone. */
const OF_SOURCES = ['every', 'maxAge', 'timeout', 'format', 'allowPrivate', 'maxEntries', 'maxBytes'] as const;

const LIST_SCHEMA = LIST.superRefine((list, context) => {
  const refuse = (message: string, ...path: (string | number)[]): void =>
    context.addIssue({ code: 'custom', message, path });
  const sources = SOURCES.filter((name) => list[name] !== undefined);
  if (sources.length > 1) refuse('must be the only source: a list has one of file, url and command', sources[1] ?? '');
  if (sources.length === 0) {
    if (!list.items && !list.observed) refuse('must have items, file, url, command or observed');
    for (const name of OF_SOURCES) if (list[name] !== undefined) refuse('needs file, url or command', name);
  }
  if (list.url !== undefined && (list.every ?? HOUR) < MIN_EVERY_URL) refuse('must be at least 5m for a url', 'every');
  if (list.kind !== 'ip') {
    if (list.observed) refuse('must be of kind ip', 'observed');
    if (list.format === 'csv' || list.format === 'tor') refuse(`must be lines or json for kind ${list.kind}`, 'format');
  }
  if (list.kind !== 'string')
    for (const [i, item] of (list.items ?? []).entries()) {
      const fault = list.kind === 'ip' ? faultOf(item) : serialFaultOf(item);
      if (fault !== undefined) refuse(fault, 'items', i);
    }
});

export const LISTS_SCHEMA = z
  .record(
    z
      .string()
      .regex(LIST_NAME, { error: 'must be a name of lower-case letters, digits, underscores and inner dots' })
      .refine((name) => !isReserved(name), { error: 'must not start with cf.: vpn answers to $cf.vpn too' }),
    LIST_SCHEMA,
  )
  .refine((lists) => Object.keys(lists).length <= MAX_LISTS, { error: `must be at most ${MAX_LISTS} lists` });

const serialFaultOf = (item: string): string | undefined =>
  normalSerial(item) === undefined ? 'must be a number of a device, or ISSUER:SERIAL in hexadecimal' : undefined;

/** The operator's own entries may be private, but not ambiguous. */
function faultOf(item: string): string | undefined {
  if (!parseItem(item)) return 'must be an address, a network or a range (or set kind: string)';
  return parseNetwork(item)?.hasHostBits ? 'must be a network without host bits, such as 192.0.2.0/24' : undefined;
}
