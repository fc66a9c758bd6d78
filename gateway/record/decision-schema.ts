// Lines of the record, as whoever reads them checks them. Workers only write them, without zod.

import { z } from 'zod';
import { MAX_LINE_BYTES } from './recordable.ts';

const MAX_TEXT = 4_096;
const text = z.string().max(MAX_TEXT);
const name = z.string().max(512);

/** null: the request has no such value. */
const value = z.union([text, z.number(), z.boolean(), z.null(), z.array(text).max(256)]);

/** Keys of conditions one behind the other, by what they were. */
const outcomes = z.strictObject({ true: z.string(), false: z.string(), unknown: z.string() });

const match = z.strictObject({ rule: name, action: name, isUnknown: z.boolean() });

const end = z.union([
  z.strictObject({ forwarded: z.number() }),
  z.strictObject({ blockedBy: name, status: z.number() }),
  /**
   * By the code of its answer. `policy` blocked it; `limit` is the one that acted, and `ban` the
   * id of its ban.
   */
  z.strictObject({ refused: name, policy: name.optional(), limit: name.optional(), ban: name.optional() }),
]);

const login = z.strictObject({
  name,
  outcome: z.enum(['success', 'failure', 'unknown']).optional(),
  /** Of a right password alone: a list of whose guess was right would help nobody else. */
  verdict: name.optional(),
  /** A keyed hash, as events have it. */
  user: name.optional(),
});

const DECISION = z.strictObject({
  v: z.literal(1),
  /** As in the event and the answer. */
  id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  at: z.number().int().min(0),
  app: name,
  end,
  /** By name. */
  fields: z.record(name, value),
  /** Fields whose value was unknown. */
  unknown: z.array(name),
  /** The paths that servers may read, the one that came first. */
  readings: z.array(text).min(1),
  /** Parts of the path that may be secrets are masked, and nothing is evaluated by it. */
  isMasked: z.boolean(),
  /** Of conditions that read more than `fields`, for each reading. */
  conditions: z.array(outcomes),
  /** More conditions than the line had room for. */
  isCut: z.boolean(),
  matches: z.array(match),
  login: login.optional(),
  /** Its password had leaked, and it was held back so, as the event `login-held` says. */
  held: z.enum(['held', 'waiting', 'refused', 'full']).optional(),
  /** The keyed hash of the client's network; the address too where the configuration wants it. */
  network: name.optional(),
  address: name.optional(),
  /** Digests of the configuration that other decisions depend on. */
  config: z.strictObject({ rules: name, logins: name, limits: name, clients: name }),
  /** late: they were asked, none applied, and something behind them acted. */
  rules: z.enum(['asked', 'unasked', 'late']),
  /** Requests of this process before it that there was no room to record. */
  skipped: z.number().int().min(0),
});

export type Decision = z.infer<typeof DECISION>;

/** @returns undefined for what this version did not write, such as a line that a crash cut off */
export function parseDecision(line: string): Decision | undefined {
  if (line.length > MAX_LINE_BYTES) return undefined;
  try {
    return DECISION.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
