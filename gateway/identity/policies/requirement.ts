// What is asked of people beside signing in: which factors, and how long ago one may have been
// given. Said at four levels: for all applications, for one, for a policy, for a path.

import type { EnrolledMethod, GivenFactor } from '../../factors/factor.ts';
import type { AppFactorsConfig, FactorLevel, FactorsConfig } from '../../factors/factor-schema.ts';
import { type Place, placeOf, type Reader, reachOf } from './places.ts';

export interface Requirement {
  /** One of them. */
  readonly methods: readonly EnrolledMethod[];
  /** Milliseconds. 0: for each page anew. */
  readonly every: number;
}

/** What is shown of a person without a factor of ours. */
export interface ShownPerson {
  /** How they authenticated at their provider: RFC 8176. */
  readonly amr: readonly string[];
  /** 0 where it does not say when. */
  readonly authenticatedAt: number;
  readonly factors: readonly GivenFactor[];
}

/** Of what a page loads, for `every: 0m`. */
export const PAGE_MS = 60_000;

interface Level {
  readonly isOff: boolean;
  readonly methods: readonly EnrolledMethod[] | undefined;
  readonly every: number;
}

/** Of one application. */
export class Requirements {
  readonly #top: Level;
  readonly #app: Level;
  readonly #policies: ReadonlyMap<string, FactorLevel>;
  readonly #paths: readonly { readonly place: Place; readonly level: FactorLevel }[];
  readonly #skip: ReadonlySet<string>;

  constructor(
    factors: FactorsConfig,
    app: AppFactorsConfig | undefined,
    policies: readonly { readonly name: string; readonly factors?: FactorLevel | undefined }[],
  ) {
    const { methods, every, skipWhereAmr } = factors;
    this.#top = { isOff: methods === undefined, methods, every };
    this.#app = over(this.#top, app);
    this.#policies = new Map(policies.flatMap(({ name, factors: own }) => (own === undefined ? [] : [[name, own]])));
    const paths = typeof app === 'object' ? Object.entries(app.paths ?? {}) : [];
    this.#paths = paths.map(([path, level]) => ({ place: placeOf(path), level }));
    this.#skip = new Set(skipWhereAmr);
  }

  /** Nothing is asked anywhere. */
  get isEmpty(): boolean {
    return this.#app.isOff && this.#policies.size === 0 && this.#paths.length === 0;
  }

  /** Paths with capital letters are read in more ways. */
  get isLowerCase(): boolean {
    return this.#paths.every(({ place: { path, lower } }) => path === lower);
  }

  /** Where a policy lets somebody in, at a path as one reader sees it; undefined for nothing. */
  of(policy: string | undefined, isIn: Reader): Requirement | undefined {
    let level = over(this.#app, policy === undefined ? undefined : this.#policies.get(policy));
    let longest = 0;
    let nearest: FactorLevel | undefined;
    for (const { place, level: own } of this.#paths) {
      const reach = reachOf([place], isIn);
      if (reach > longest) [longest, nearest] = [reach, own];
    }
    level = over(level, nearest);
    return level.isOff || !level.methods ? undefined : { methods: level.methods, every: level.every };
  }

  /** Whether somebody has shown enough, but for `every: 0m`, which a page uses up. */
  isMet({ methods, every }: Requirement, { amr, authenticatedAt, factors }: ShownPerson, now: number): boolean {
    if (this.#skip.size > 0 && now - authenticatedAt < every && amr.some((each) => this.#skip.has(each))) return true;
    const maxAge = every === 0 ? PAGE_MS : every;
    return factors.some((given) => counts(given, methods, now) && now - given.at < maxAge);
  }
}

/** Undefined where nothing is asked. */
export function requirementsOf(
  factors: FactorsConfig,
  access:
    | {
        readonly factors?: AppFactorsConfig | undefined;
        readonly policies: readonly { readonly name: string; readonly factors?: FactorLevel | undefined }[];
      }
    | undefined,
): Requirements | undefined {
  const requirements = access && new Requirements(factors, access.factors, access.policies);
  return requirements?.isEmpty ? undefined : requirements;
}

/** What is said nowhere is as one level above. */
function over(above: Level, own: FactorLevel | undefined): Level {
  if (own === undefined) return above;
  if (own === 'off') return { ...above, isOff: true };
  return { isOff: false, methods: own.methods ?? above.methods, every: own.every ?? above.every };
}

/**
 * Whether a factor is one of those that are asked for. One that somebody enrolled less than a day
 * ago, without an administrator, is worth no more than TOTP.
 */
export const counts = (
  { method, trustedFrom }: Pick<GivenFactor, 'method' | 'trustedFrom'>,
  methods: readonly string[],
  now: number,
): boolean => methods.includes(method) && (trustedFrom <= now || methods.includes('totp'));
