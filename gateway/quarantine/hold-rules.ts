// What holding back means for one application.

import fs from 'node:fs';
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
  /** Pages, one of which shows who is signed in. None where cookies name each session's user. */
  readonly whoami: readonly Whoami[];
  readonly forMs: number;
  readonly lifeMs: number;
  /** The longest that a login may take: then its browser's sessions are given up. */
  readonly lockMs: number;
  readonly start: string;
  readonly mailBy: string | undefined;
  /** Where the owner of an account gets a code. @param user as the application names them */
  addressOf(user: string): string | undefined;
}

/** Beside what the application itself may take. */
const LOGIN_MS = 60_000;

/**
 * @param name of the application
 * @param cookies of sessions, of presets and of the key `login`
 */
export function createHoldRules(
  name: string,
  { sessions, hosts, whoami, usersFile, mailBy, start, ...config }: HoldConfig,
  cookies: readonly string[],
  { responseTimeoutMs, connectTimeoutMs }: { readonly responseTimeoutMs: number; readonly connectTimeoutMs: number },
): HoldRules {
  const addresses = usersFile === undefined ? new Map<string, string>() : readUsers(fs.readFileSync(usersFile, 'utf8'));
  return {
    names: createSessionNames([...cookies, ...sessions]),
    // A name with `*` is no host.
    hosts: new Set(hosts ?? [name.split('/')[0] ?? '']),
    whoami,
    forMs: config.for,
    lifeMs: config.sessionLife,
    lockMs: connectTimeoutMs + responseTimeoutMs + LOGIN_MS,
    start,
    mailBy,
    addressOf: (user) => addresses.get(user),
  };
}

/** Lines of `user,address`; a comma in a name stays, since an address has none. */
export function readUsers(csv: string): ReadonlyMap<string, string> {
  const lines = csv.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return new Map(
    lines.flatMap((line): [string, string][] => {
      const comma = line.lastIndexOf(',');
      const [user, address] = [line.slice(0, comma).trim(), line.slice(comma + 1).trim()];
      return comma > 0 && /^[^@\s]+@[^@\s]+$/.test(address) ? [[user, address]] : [];
    }),
  );
}
