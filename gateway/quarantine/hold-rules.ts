// What holding back means for one application.

import type { HoldConfig } from './hold-schema.ts';
import { createSessionNames, type SessionNames } from './session-names.ts';

export interface Whoami {
  readonly path: string;
  readonly after: string;
  readonly before: string;
}

export interface HoldRules {
  readonly names: SessionNames;
  /** Where people log in. */
  readonly hosts: ReadonlySet<string>;
  /**
   * What users are imported for: the application, or each of several hosts, since two users of one
   * name may be two people there.
   */
  realmAt(host: string): string;
  /** Pages, one of which shows who is signed in. None where cookies name each session's user. */
  readonly whoami: readonly Whoami[];
  readonly forMs: number;
  /** Names of locations whose programs wait for the owner of the account. */
  readonly waits: ReadonlySet<string>;
  readonly lifeMs: number;
  /** Between the first login that was confirmed, and the day by which its password is another. */
  readonly mustChangeMs: number;
  /** The longest that a login may take: then its browser's sessions are given up. */
  readonly lockMs: number;
  readonly start: string;
  /** How the application ends its own session. */
  readonly logout: { readonly path: string; readonly method: 'GET' | 'POST' } | undefined;
}

/** Beside what the application itself may take. */
const LOGIN_MS = 60_000;
const MUST_CHANGE_MS = 3 * 86_400_000;

/**
 * @param name of the application
 * @param cookies of sessions, of presets and of the key `login`
 */
export function createHoldRules(
  name: string,
  { sessions, hosts, whoami, start, ...config }: HoldConfig,
  cookies: readonly string[],
  { responseTimeoutMs, connectTimeoutMs }: { readonly responseTimeoutMs: number; readonly connectTimeoutMs: number },
): HoldRules {
  // A name with `*` is no host.
  const all = new Set(hosts ?? [name.split('/')[0] ?? '']);
  return {
    names: createSessionNames([...cookies, ...sessions]),
    hosts: all,
    realmAt: (host) => (all.size > 1 && all.has(host) ? host : name),
    whoami,
    forMs: config.for,
    waits: new Set(config.wait),
    lifeMs: config.sessionLife,
    mustChangeMs: config.mustChange ?? MUST_CHANGE_MS,
    lockMs: connectTimeoutMs + responseTimeoutMs + LOGIN_MS,
    start,
    logout: config.logout,
  };
}
