// Who may reach an application: its policies, and what they decide about a request.
//
// Nobody may by default. A block wins over everything else. Of the other policies, those with the
// longest path that contains the request's are judged alone, so that a path below can be stricter
// than what lies around it.

import type { FindList } from '../../rules/compile-expression.ts';
import { allOf, and, anyOf, not } from '../../rules/kleene.ts';
import type { Trilean } from '../../rules/schema/types.ts';
import type { AccessFacts } from './facts.ts';
import type { PolicyConfig, SelectorConfig } from './policy-schema.ts';
import { compileSelector, type Selector } from './selectors.ts';

export type AccessVerdict =
  /** Nobody may, whoever they are. */
  | 'denied'
  /** Not without a person who signed in. */
  | 'sign-in'
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
}

export interface Policy {
  readonly config: PolicyConfig;
  readonly include: readonly Selector[];
  readonly require: readonly Selector[];
  readonly exclude: readonly Selector[];
}

export type Policies = readonly Policy[];

/** @throws TypeError for a list that does not exist: the configuration was not checked */
export const compilePolicies = (configs: readonly PolicyConfig[], findList: FindList): Policies =>
  configs.map((config) => {
    const compile = (selectors: readonly SelectorConfig[]) => selectors.map((each) => compileSelector(each, findList));
    const { include, require, exclude } = config;
    return { config, include: compile(include), require: compile(require), exclude: compile(exclude) };
  });

/**
 * The strictest decision about any of the paths that the application may read. Many applications
 * ignore the case of letters in paths, which counts as one more reading.
 * @param paths at least one
 */
export function judgeAccess(policies: Policies, facts: AccessFacts, paths: readonly string[]): AccessDecision {
  const decisions = paths.flatMap((path) => [
    judgePath(policies, facts, (prefix) => contains(prefix, path)),
    judgePath(policies, facts, (prefix) => contains(prefix.toLowerCase(), path.toLowerCase())),
  ]);
  return decisions.reduce((strictest, each) => (rank(each) < rank(strictest) ? each : strictest));
}

const STRICTEST_FIRST: readonly AccessVerdict[] = ['denied', 'sign-in', 'service', 'allow', 'bypass'];
const rank = ({ verdict }: AccessDecision): number => STRICTEST_FIRST.indexOf(verdict);

/** Where more than one action fits, the first. */
const PERMISSIONS = ['bypass', 'service', 'allow'] as const;

function judgePath(policies: Policies, facts: AccessFacts, isHere: (prefix: string) => boolean): AccessDecision {
  const here = policies
    .map((policy) => ({ policy, length: lengthOf(policy, isHere) }))
    .filter(({ length }) => length > 0);
  // What may be meant is blocked: a list that is too old opens nothing.
  const block = here.find(({ policy }) => isBlock(policy) && matchOf(policy, facts) !== false);
  if (block) return { verdict: 'denied', policy: block.policy.config.name };
  const permissions = here.filter(({ policy }) => !isBlock(policy));
  const longest = Math.max(...permissions.map(({ length }) => length));
  const nearest = permissions.filter(({ length }) => length === longest).map(({ policy }) => policy);
  for (const action of PERMISSIONS) {
    const policy = nearest.find((each) => each.config.action === action && isPermitted(each, facts));
    if (policy) return { verdict: action, policy: policy.config.name };
  }
  const { person } = facts;
  const couldSignIn = person === undefined && nearest.some((policy) => couldPermit(policy, facts));
  return { verdict: couldSignIn ? 'sign-in' : 'denied', policy: undefined };
}

const isBlock = ({ config }: Policy): boolean => config.action === 'block';

/** An allow needs a person, and a service its token, whatever else they ask for. */
function isPermitted(policy: Policy, facts: AccessFacts): boolean {
  const { action } = policy.config;
  if (action === 'allow' && (facts.person === undefined || facts.person === 'unknown')) return false;
  if (action === 'service' && facts.serviceToken === undefined) return false;
  return matchOf(policy, facts) === true;
}

const couldPermit = (policy: Policy, facts: AccessFacts): boolean =>
  policy.config.action === 'allow' && matchOf(policy, { ...facts, person: 'unknown' }) !== false;

const matchOf = ({ include, require, exclude }: Policy, facts: AccessFacts): Trilean =>
  and(
    and(anyOf(include.map(({ test }) => test(facts))), allOf(require.map(({ test }) => test(facts)))),
    not(anyOf(exclude.map(({ test }) => test(facts)))),
  );

/** Of the longest of its paths that contains the request's; 0 if none does. */
const lengthOf = ({ config }: Policy, isHere: (prefix: string) => boolean): number =>
  Math.max(0, ...config.paths.map((prefix) => (isHere(prefix) ? withoutSlash(prefix).length + 1 : 0)));

const withoutSlash = (prefix: string): string => prefix.replace(/\/$/, '');

function contains(prefix: string, path: string): boolean {
  const folder = withoutSlash(prefix);
  return path === folder || path.startsWith(`${folder}/`);
}
