// Why policies decide as they do: each one, with what each of its selectors is about a request.

import type { Trilean } from '../../rules/schema/types.ts';
import type { AccessFacts } from './facts.ts';
import { reachOf, readersOf } from './places.ts';
import { matchOf, type Policies, type Policy } from './policies.ts';
import type { SelectorConfig } from './policy-schema.ts';

export interface ExplainedSelector {
  readonly part: 'include' | 'require' | 'exclude' | 'session';
  /** As in `group: staff, finance`. */
  readonly text: string;
  /** Undefined: it depends on what is unknown. */
  readonly outcome: Trilean;
}

export interface ExplainedPolicy {
  readonly name: string;
  readonly action: string;
  /** The longest of its paths that contains the request's; undefined where it is not judged. */
  readonly place: string | undefined;
  /** Another policy with a longer path is judged instead, at any reading. */
  readonly isCovered: boolean;
  readonly outcome: Trilean;
  readonly selectors: readonly ExplainedSelector[];
}

/** @param paths the readings of one path, at least one */
export function explainPolicies(
  policies: Policies,
  facts: AccessFacts,
  paths: readonly string[],
): readonly ExplainedPolicy[] {
  const readers = paths.flatMap((path) => readersOf(path, policies.isLowerCase));
  const reaches = policies.all.map(({ places }) => readers.map((reader) => reachOf(places, reader)));
  const longest = readers.map((_, i) =>
    Math.max(...policies.all.map(({ config }, at) => (config.action === 'block' ? 0 : (reaches[at]?.[i] ?? 0)))),
  );
  return policies.all.map((policy, at) => {
    const { name, action } = policy.config;
    const own = reaches[at] ?? [];
    const place = policy.places.find(({ path }) => path.length + 1 === Math.max(...own));
    const isJudged = own.some((reach, i) => reach > 0 && (action === 'block' || reach === longest[i]));
    return {
      name,
      action,
      place: place && (place.path === '' ? '/' : place.path),
      isCovered: place !== undefined && !isJudged,
      outcome: matchOf(policy, facts),
      selectors: selectorsOf(policy, facts),
    };
  });
}

const selectorsOf = (policy: Policy, facts: AccessFacts): ExplainedSelector[] => [
  ...(['include', 'require', 'exclude'] as const).flatMap((part) =>
    policy[part].map(({ test }, i) => ({ part, text: textOf(policy.config[part][i]), outcome: test(facts) })),
  ),
  ...sessionOf(policy, facts),
];

/** Whether what a policy asks of a session holds. */
function sessionOf({ config: { session } }: Policy, { signedInMs = 0, idledMs = 0 }: AccessFacts): ExplainedSelector[] {
  const asked = [
    ['absolute', session?.absolute, signedInMs],
    ['idle', session?.idle, idledMs],
  ] as const;
  return asked.flatMap(([kind, limit, ms]) =>
    limit === undefined
      ? []
      : [{ part: 'session' as const, text: `${kind}: ${formatDuration(limit)}`, outcome: ms < limit }],
  );
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
] as const;

function formatDuration(ms: number): string {
  const [unit, length] = UNITS.find(([, each]) => ms % each === 0) ?? ['s', 1_000];
  return `${ms / length}${unit}`;
}

function textOf(selector: SelectorConfig = {}): string {
  if (typeof selector.certificate === 'object') return `certificate ${partsOf(selector.certificate)}`;
  if (selector.claim) return `claim ${selector.claim.name}: ${selector.claim.value.join(', ')}`;
  const [[kind, value] = ['', '']] = Object.entries(selector).filter(([, each]) => each !== undefined);
  return `${kind}: ${Array.isArray(value) ? value.join(', ') : value}`;
}

const partsOf = (wanted: object): string =>
  Object.entries(wanted)
    .filter(([, values]) => values !== undefined)
    .map(([name, values]) => `${name}: ${(values as readonly string[]).join(', ')}`)
    .join('; ');
