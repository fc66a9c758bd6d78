// What a decision on a request depends on, taken before an action of a rule changes any of it.

import { formatAddress } from '../addresses/address.ts';
import type { Exchange } from '../exchange.ts';
import { readingsOf } from '../fields/readings.ts';
import { REQUEST_SCHEME } from '../fields/request-fields.ts';
import type { FieldName } from '../rules/schema/fields.ts';
import type { MaybeValue } from '../rules/schema/types.ts';
import type { Context } from '../rules/scheme.ts';
import type { GatewaySetup } from '../setup.ts';
import { keyedRules } from './condition-keys.ts';
import { configDigests } from './config-digests.ts';
import type { Captured, Outcomes, Recorded } from './decision.ts';
import { CLIENT, isSmall, MAX_LINE_BYTES, maskPath, PATH, QUERY, RECORDABLE, URI } from './recordable.ts';

export interface CaptureOptions {
  readonly setup: GatewaySetup;
  /** The keyed hash of the client's network. */
  readonly network: string | undefined;
  readonly rules: Captured['rules'];
}

/** Room for what else a line has. */
const MAX_CONDITION_BYTES = MAX_LINE_BYTES / 2;

/** @returns undefined for a request of no application */
export function capture(exchange: Exchange, options: CaptureOptions): Captured | undefined {
  const { application, found, head, client } = exchange;
  if (!application || !found || !head) return undefined;
  const { setup, network, rules } = options;
  const asked = readingsOf(exchange);
  const readings = asked.map(({ path }) => path);
  const contexts = asked.map((reading) => REQUEST_SCHEME.createContext(reading));
  const [first] = contexts;
  if (!first) return undefined;
  const fields: { [name: string]: Recorded } = {};
  const unknown: string[] = [];
  const keep = (name: FieldName, value: MaybeValue): void => {
    if (value === undefined) unknown.push(name);
    else if (isSmall(value)) fields[name] = value as Recorded;
  };
  for (const name of RECORDABLE) keep(name, read(first, name));
  if (head.query === undefined) keep(QUERY, '');
  const mask = (path: string): string => maskPath(path, exchange.attempt?.usernames);
  const isMasked = readings.some((path) => mask(path) !== path || !isSmall(path));
  const kept = new Set<string>([...Object.keys(fields), ...unknown]);
  if (!isMasked) kept.add(PATH);
  if (!isMasked && head.query === undefined) kept.add(URI);
  const address = setup.config.logAddresses && client ? formatAddress(client) : undefined;
  if (address !== undefined) kept.add(CLIENT);
  const { all, digest } = keyedRules(application.rules, setup.config.lists);
  const needed = all.filter(({ fields: reads, lists }) => lists.size > 0 || [...reads].some((name) => !kept.has(name)));
  const room = needed.slice(0, Math.floor(MAX_CONDITION_BYTES / 8 / contexts.length));
  return {
    id: exchange.id,
    at: exchange.now,
    app: application.name,
    fields,
    unknown,
    readings: isMasked ? readings.map((path) => mask(path).slice(0, 1_024)) : [...readings],
    isMasked,
    conditions: contexts.map((context) => outcomesIn(context, room)),
    isCut: room.length < needed.length,
    matches: [],
    ...(network !== undefined && { network }),
    ...(address !== undefined && { address }),
    config: { rules: digest, ...configDigests(application.config, setup.config) },
    rules,
  };
}

const read = (context: Context, name: FieldName): MaybeValue => {
  const slot = REQUEST_SCHEME.slotOf(name);
  return slot === undefined ? null : context.read(slot);
};

function outcomesIn(
  context: Context,
  conditions: readonly { readonly key: string; evaluate(context: Context): boolean | undefined }[],
): Outcomes {
  const keys = { true: '', false: '', unknown: '' };
  for (const { key, evaluate } of conditions) {
    const outcome = evaluate(context);
    keys[outcome === undefined ? 'unknown' : outcome ? 'true' : 'false'] += key;
  }
  return keys;
}
