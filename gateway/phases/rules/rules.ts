// Phase 9, custom rules: log, skip, set a header, put an address on a list, block.
//
// A request may have several readings. A restriction applies if any of them fulfils its condition,
// a permission only if all do.

import { CredveilError } from '../../../protocol/errors.ts';
import type { Exchange } from '../../exchange.ts';
import { readingsOf, readsReading } from '../../fields/readings.ts';
import { REQUEST_SCHEME } from '../../fields/request-fields.ts';
import type { FindList } from '../../rules/compile-expression.ts';
import { compileSource } from '../../rules/compile-source.ts';
import { allOf, anyOf } from '../../rules/kleene.ts';
import type { CompiledRule } from '../../rules/rule.ts';
import { createRuleIndex } from '../../rules/rule-index.ts';
import type { Trilean } from '../../rules/schema/types.ts';
import type { Context } from '../../rules/scheme.ts';
import type { PreparedRule, RuleSet } from './prepared-rule.ts';
import type { RuleAction, RuleConfig } from './rule-config.ts';

/** A rule fulfilled its condition, or could not tell. */
export interface RuleMatch {
  readonly name: string;
  readonly action: RuleAction;
  /** The condition depends on a value that is unknown. */
  readonly isUnknown: boolean;
}

/**
 * @param place of the list in the configuration, such as `apps.blog.example.com.rules`
 * @throws RuleError for a rule that cannot be loaded
 */
export function prepareRules(rules: readonly RuleConfig[], place: string, findList: FindList): PreparedRule[] {
  return rules.map((config, i) => prepareRule(config, `${place}.${i}`, findList));
}

export function createRuleSet(rules: readonly PreparedRule[]): RuleSet {
  const headers = rules.flatMap(({ action }) => (action.kind === 'setHeader' ? Object.keys(action.setHeader) : []));
  const index = createRuleIndex(rules.map(({ compiled }) => compiled.requirement));
  return { rules, headers, index };
}

export function prepareRule(config: RuleConfig, place: string, findList: FindList): PreparedRule {
  const { name = place, when, do: action, onUnknown } = config;
  const compiled = compileSource(when, REQUEST_SCHEME, findList);
  if (action.kind === 'addToList' && findList(action.addToList.list)?.kind !== 'ip') throw new ListMissing();
  return {
    name,
    action,
    compiled,
    readsReading: readsReading(compiled.fields),
    appliesToUnknown: onUnknown === 'apply',
  };
}

/** `addToList` names no list of addresses. */
class ListMissing extends CredveilError<'LIST_MISSING'> {
  override name = 'ListMissing';

  constructor() {
    super('LIST_MISSING', 'names no list of addresses', 'Add it to lists, with observed: {}.');
  }
}

/**
 * Evaluates rules in their order until one ends the phase.
 * @param onMatch is called for each rule that applies, and for each whose condition is unknown
 * @returns the rule that blocks the request, or undefined
 */
export function applyRules(
  { rules, index }: RuleSet,
  exchange: Exchange,
  onMatch: (match: RuleMatch) => void,
): Extract<RuleAction, { kind: 'block' }> | undefined {
  if (rules.length === 0) return undefined;
  const contexts = contextsOf(exchange);
  const outcomeOf = ({ compiled, action, readsReading: isOfReading }: PreparedRule): Trilean =>
    judge(compiled, action, isOfReading ? contexts : contexts.slice(0, 1));
  return decide(rules, index.candidates(contexts), outcomeOf, onMatch);
}

/** @param places of the rules that may apply, ascending */
export function decide(
  rules: readonly PreparedRule[],
  places: Iterable<number>,
  outcomeOf: (rule: PreparedRule) => Trilean,
  onMatch: (match: RuleMatch) => void,
): Extract<RuleAction, { kind: 'block' }> | undefined {
  for (const place of places) {
    const rule = rules[place] as PreparedRule;
    const { name, action, appliesToUnknown } = rule;
    const outcome = outcomeOf(rule);
    if (outcome === false) continue;
    const isUnknown = outcome === undefined;
    onMatch({ name, action, isUnknown: isUnknown && !appliesToUnknown });
    if (isUnknown && !appliesToUnknown) continue;
    if (action.kind === 'skip') return undefined;
    if (action.kind === 'block') return action;
  }
  return undefined;
}

/** One for each reading, the request as it came first. */
const contextsOf = (exchange: Exchange): readonly Context[] =>
  readingsOf(exchange).map((reading) => REQUEST_SCHEME.createContext(reading));

function judge({ evaluate }: CompiledRule, { kind }: RuleAction, contexts: readonly Context[]): Trilean {
  const [first] = contexts;
  if (!first) return undefined;
  if (contexts.length === 1) return evaluate(first);
  return ofReadings(
    kind,
    contexts.map((context) => evaluate(context)),
  );
}

/** @param outcomes one for each reading */
export const ofReadings = (kind: RuleAction['kind'], outcomes: readonly Trilean[]): Trilean =>
  kind === 'skip' || kind === 'setHeader' ? allOf(outcomes) : anyOf(outcomes);

/**
 * What each rule makes of a request, whether or not the rules before it let the request through.
 * `parts` are of the reading that decides.
 */
export function outcomesOf(rules: readonly PreparedRule[], exchange: Exchange) {
  const contexts = contextsOf(exchange);
  const [first] = contexts;
  if (!first) return [];
  return rules.map((rule) => {
    const asked = rule.readsReading ? contexts : [first];
    const outcome = judge(rule.compiled, rule.action, asked);
    const deciding = Math.max(
      0,
      asked.findIndex((context) => rule.compiled.evaluate(context) === outcome),
    );
    const reading = readingsOf(exchange)[deciding]?.path ?? '';
    return { rule, outcome, reading, parts: rule.compiled.explain(asked[deciding] ?? first) };
  });
}
