// Who may reach an application: its policies, and what they decide about a request.
//
// Nobody may by default. A block wins over everything else. Of the other policies, those with the
// longest path that contains the request's are judged alone, so that a path below can be stricter
// than what lies around it.

import type { EnrolledMethod } from '../../factors/factor.ts';
import { allOf, and, not, or } from '../../rules/kleene.ts';
import type { Trilean } from '../../rules/schema/types.ts';
import type { AccessFacts } from './facts.ts';
import { type Place, placeOf, type Reader, reachOf, readersOf } from './places.ts';
import type { PolicyConfig, SelectorConfig } from './policy-schema.ts';
import { compileSelector, type Selector, type SelectorParts } from './selectors.ts';

export type AccessVerdict =
  /** Nobody may, whoever they are. */
  | 'denied'
  /** Not without a person who signed in. */
  | 'sign-in'
  /** Not without a factor that the person has not shown. */
  | 'step-up'
  /** This person may. */
  | 'allow'
  /** This program may. */
  | 'service'
  /** Anybody may. */
  | 'bypass';

export interface AccessDecision {
  readonly verdict: AccessVerdict;
  /** The policy that decided; undefined where none did. */
  readonly policy: string | undefined;
  /** With `sign-in`: they may have signed in so long ago, and not longer. */
  readonly maxAgeMs?: number | undefined;
  /** With `sign-in`: so long they may have been idle since. */
  readonly maxIdleMs?: number | undefined;
  /** For `step-up`: one of them. */
  readonly methods?: readonly EnrolledMethod[];
}

export interface Policy {
  readonly config: PolicyConfig;
  readonly include: readonly Selector[];
  readonly require: readonly Selector[];
  readonly exclude: readonly Selector[];
  readonly places: readonly Place[];
}

export interface Policies {
  readonly all: readonly Policy[];
  /** No path of theirs has a capital letter. */
  readonly isLowerCase: boolean;
  /** What any of them asks about. */
  readonly kinds: ReadonlySet<Selector['kind']>;
}

/** @throws TypeError for a list that does not exist: the configuration was not checked */
export function compilePolicies(configs: readonly PolicyConfig[], parts: SelectorParts): Policies {
  const compile = (selectors: readonly SelectorConfig[]) => selectors.map((each) => compileSelector(each, parts));
  const all = configs.map((config): Policy => {
    const { include, require, exclude, paths } = config;
    return {
      config,
      include: compile(include),
      require: compile(require),
      exclude: compile(exclude),
      places: paths.map(placeOf),
    };
  });
  return {
    all,
    isLowerCase: all.every(({ places }) => places.every(({ path, lower }) => path === lower)),
    kinds: new Set(
      all.flatMap(({ include, require, exclude }) => [...include, ...require, ...exclude].map(({ kind }) => kind)),
    ),
  };
}

/** Whether any selector of it asks for one. */
export const dependsOnCertificate = ({ include, require, exclude }: PolicyConfig): boolean =>
  [...include, ...require, ...exclude].some(
    ({ certificate, device }) => certificate !== undefined || device !== undefined,
  );

/**
 * The strictest decision about any of the paths that the application may read.
 * @param paths at least one
 */
export function judgeAccess(policies: Policies, facts: AccessFacts, paths: readonly string[]): AccessDecision {
  let strictest: AccessDecision | undefined;
  for (const path of paths)
    for (const reader of readersOf(path, policies.isLowerCase)) {
      const decision = judgePath(policies, facts, reader);
      if (!strictest || rank(decision) < rank(strictest)) strictest = decision;
    }
  return strictest ?? { verdict: 'denied', policy: undefined };
}

const STRICTEST_FIRST: readonly AccessVerdict[] = ['denied', 'sign-in', 'step-up', 'service', 'allow', 'bypass'];
const rank = ({ verdict }: AccessDecision): number => STRICTEST_FIRST.indexOf(verdict);

/** Where more than one action fits, the first. */
const PERMISSIONS = ['bypass', 'service', 'allow'] as const;

/** As one reader of the path sees it. */
export function judgePath({ all }: Policies, facts: AccessFacts, isIn: Reader): AccessDecision {
  let nearest: Policy[] = [];
  let longest = 0;
  for (const policy of all) {
    const length = reachOf(policy.places, isIn);
    if (length === 0) continue;
    if (isBlock(policy)) {
      // What may be meant is blocked: a list that is too old opens nothing.
      if (matchOf(policy, facts) !== false) return { verdict: 'denied', policy: policy.config.name };
    } else if (length > longest) {
      longest = length;
      nearest = [policy];
    } else if (length === longest) nearest.push(policy);
  }
  for (const action of PERMISSIONS) {
    const policy = nearest.find((each) => each.config.action === action && isPermitted(each, facts));
    if (policy) return { verdict: action, policy: policy.config.name };
  }
  const [longestHeld] = nearest.filter((policy) => wouldPermit(policy, facts)).sort(byDuration);
  if (longestHeld) {
    const { absolute: maxAgeMs, idle: maxIdleMs } = longestHeld.config.session ?? {};
    return { verdict: 'sign-in', policy: undefined, maxAgeMs, maxIdleMs };
  }
  const couldSignIn = facts.person === undefined && nearest.some((policy) => couldPermit(policy, facts));
  if (couldSignIn) return { verdict: 'sign-in', policy: undefined };
  const methods = missingFactors(nearest, facts);
  return methods.length > 0
    ? { verdict: 'step-up', policy: undefined, methods }
    : { verdict: 'denied', policy: undefined };
}

/** With one of them, the person would be let in. */
function missingFactors(nearest: readonly Policy[], facts: AccessFacts): readonly EnrolledMethod[] {
  const named = (policy: Policy): readonly EnrolledMethod[] =>
    [...policy.config.include, ...policy.config.require].flatMap(({ factor }) => factor ?? []);
  const held = typeof facts.factors === 'object' ? facts.factors : [];
  const opens = (policy: Policy, method: EnrolledMethod): boolean =>
    isPermitted(policy, { ...facts, factors: new Set([...held, method]) });
  const allows = nearest.filter(({ config }) => config.action === 'allow');
  return [...new Set(allows.flatMap((policy) => named(policy).filter((method) => opens(policy, method))))];
}

const isBlock = ({ config }: Policy): boolean => config.action === 'block';

/** An allow needs a person, and a service its token, whatever else they ask for. */
function isPermitted(policy: Policy, facts: AccessFacts): boolean {
  const { action } = policy.config;
  if (action === 'allow' && (facts.person === undefined || facts.person === 'unknown')) return false;
  if (action === 'service' && facts.serviceToken === undefined) return false;
  return matchOf(policy, facts) === true && isFresh(policy, facts);
}

const durationsOf = ({ config: { session } }: Policy) => ({
  absolute: session?.absolute ?? Number.POSITIVE_INFINITY,
  idle: session?.idle ?? Number.POSITIVE_INFINITY,
});

function isFresh(policy: Policy, { signedInMs = 0, idledMs = 0 }: AccessFacts): boolean {
  const { absolute, idle } = durationsOf(policy);
  return signedInMs < absolute && idledMs < idle;
}

/** The one that asks least of a sign-in first. */
function byDuration(one: Policy, other: Policy): number {
  const [a, b] = [durationsOf(one), durationsOf(other)];
  const compare = (left: number, right: number): number => (left === right ? 0 : right > left ? 1 : -1);
  return compare(a.absolute, b.absolute) || compare(a.idle, b.idle);
}

/** Whoever it is signed in too long ago, or was idle since: otherwise they would get on. */
function wouldPermit(policy: Policy, facts: AccessFacts): boolean {
  const now = { ...facts, signedInMs: 0, idledMs: 0 };
  return !isFresh(policy, facts) && (isPermitted(policy, now) || missingFactors([policy], now).length > 0);
}

const couldPermit = (policy: Policy, facts: AccessFacts): boolean =>
  policy.config.action === 'allow' && matchOf(policy, { ...facts, person: 'unknown', factors: 'unknown' }) !== false;

/** Whether the policy fits the request, wherever it is judged. */
export function matchOf({ include, require, exclude }: Policy, facts: AccessFacts): Trilean {
  const included = any(include, facts);
  // Most policies are of others.
  if (included === false) return false;
  return and(and(included, allOf(require.map(({ test }) => test(facts)))), not(any(exclude, facts)));
}

function any(selectors: readonly Selector[], facts: AccessFacts): Trilean {
  let result: Trilean = false;
  for (const { test } of selectors) {
    result = or(result, test(facts));
    if (result === true) return true;
  }
  return result;
}
