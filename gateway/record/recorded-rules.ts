// Rules asked about a recorded request: fulfilled, not fulfilled, unknown then, or not to be told
// now.

import { type Address, parseAddress } from '../addresses/address.ts';
import type { Application } from '../applications.ts';
import { REQUEST_SCHEME } from '../fields/request-fields.ts';
import { configuredName } from '../lists/list-names.ts';
import type { PreparedRule } from '../phases/rules/prepared-rule.ts';
import { ofReadings } from '../phases/rules/rules.ts';
import type { Explanation } from '../rules/explain.ts';
import { joinConditions } from '../rules/join-conditions.ts';
import type { MaybeValue, Trilean } from '../rules/schema/types.ts';
import type { Context } from '../rules/scheme.ts';
import type { Comparison, Expression, Test } from '../rules/syntax/ast.ts';
import { shownSource } from '../rules/syntax/shown-source.ts';
import type { GatewaySetup } from '../setup.ts';
import { KEY_LENGTH, type KeyedRules, keyedRules } from './condition-keys.ts';
import { configDigests } from './config-digests.ts';
import type { Outcomes } from './decision.ts';
import type { Decision } from './decision-schema.ts';
import { CLIENT, OF_LOGINS, PATH, QUERY, URI } from './recordable.ts';

export interface RecordedOutcome {
  readonly outcome: Trilean;
  /** Fields and lists that were not recorded, and that the outcome depends on. */
  readonly untold: readonly string[];
  /** The reading that decides, by its place. */
  readonly reading: number;
}

type Condition = Test | Comparison;

export class RecordedRules {
  readonly #decision: Decision;
  readonly #keyed: KeyedRules;
  readonly #isLoginKnown: boolean;
  readonly #isClientKnown: boolean;
  /** Lists that a rule has put the client on. */
  readonly #joined = new Set<string>();
  readonly #contexts: readonly RecordedContext[];
  readonly #outcomes: readonly ReadonlyMap<string, Trilean>[];

  constructor(decision: Decision, { rules, config: app }: Application, config: GatewaySetup['config']) {
    this.#decision = decision;
    this.#keyed = keyedRules(rules, config.lists);
    const digests = configDigests(app, config);
    this.#isLoginKnown = digests.logins === decision.config.logins;
    this.#isClientKnown = digests.clients === decision.config.clients;
    this.#contexts = decision.readings.map((path) => new RecordedContext(this.#valuesOf(path), decision.unknown));
    this.#outcomes = decision.conditions.map(outcomesByKey);
  }

  /** Of the rules that it is asked about. */
  get digest(): string {
    return this.#keyed.digest;
  }

  /** A rule has put the client on a list: those behind it see that. */
  join(list: string): void {
    this.#joined.add(configuredName(list));
  }

  outcomeOf({ compiled, action, readsReading }: PreparedRule): RecordedOutcome {
    const untold = new Set<string>();
    const contexts = readsReading ? this.#contexts : this.#contexts.slice(0, 1);
    const outcomes = contexts.map((_, i) =>
      joinConditions(compiled.rule.expression, (condition) => this.#conditionOutcome(condition, i, untold)),
    );
    const outcome = outcomes.length === 1 ? outcomes[0] : ofReadings(action.kind, outcomes);
    const reading = Math.max(0, outcomes.indexOf(outcome));
    return { outcome, untold: outcome === undefined ? [...untold] : [], reading };
  }

  /** The parts of a rule for a reading of the path. */
  explain({ compiled }: PreparedRule, reading: number): Explanation {
    const source = shownSource(compiled.rule.source);
    const explain = (expression: Expression): Explanation => ({
      span: expression.span,
      text: source.slice(expression.span.start, expression.span.end),
      outcome: joinConditions(expression, (condition) => this.#conditionOutcome(condition, reading, new Set())),
      parts: partsOf(expression).map(explain),
    });
    return explain(compiled.rule.expression);
  }

  #conditionOutcome(condition: Condition, reading: number, untold: Set<string>): Trilean {
    const keyed = this.#keyed.keyOf.get(condition);
    if (!keyed) throw new TypeError('Every condition has a key.');
    const lists = [...keyed.lists].map(configuredName);
    const joined = lists.filter((list) => this.#joined.has(list));
    if (joined.length > 0 && condition.kind === 'in-list') return true;
    const isThen = joined.length === 0 && this.#isAsThen(keyed.fields);
    const recorded = this.#outcomes[reading];
    if (isThen && recorded?.has(keyed.key)) return recorded.get(keyed.key);
    const context = this.#contexts[reading];
    const missing = [...keyed.fields].filter((name) => !context?.has(name));
    if (missing.length === 0 && context && joined.length === 0) return keyed.evaluate(context);
    for (const name of missing.length > 0 ? missing : lists.map((list) => `$${list}`)) untold.add(name);
    return undefined;
  }

  /** Whether what computes the fields is configured as it was. */
  #isAsThen(fields: ReadonlySet<string>): boolean {
    for (const name of fields)
      if ((OF_LOGINS.has(name) && !this.#isLoginKnown) || (name === CLIENT && !this.#isClientKnown)) return false;
    return true;
  }

  #valuesOf(path: string): Map<string, MaybeValue> {
    const { fields, isMasked, address } = this.#decision;
    const values = new Map<string, MaybeValue>();
    for (const [name, value] of Object.entries(fields))
      if (this.#isLoginKnown || !OF_LOGINS.has(name)) values.set(name, value);
    if (!isMasked) values.set(PATH, path);
    if (!isMasked && fields[QUERY] === '') values.set(URI, path);
    const client: Address | undefined = address === undefined ? undefined : parseAddress(address);
    if (client && this.#isClientKnown) values.set(CLIENT, client);
    return values;
  }
}

class RecordedContext implements Context {
  readonly #bySlot = new Map<number, MaybeValue>();
  readonly #names: ReadonlySet<string>;

  constructor(values: ReadonlyMap<string, MaybeValue>, unknown: readonly string[]) {
    this.#names = new Set([...values.keys(), ...unknown]);
    for (const [name, value] of values) {
      const slot = REQUEST_SCHEME.slotOf(name);
      if (slot !== undefined) this.#bySlot.set(slot, value);
    }
  }

  /** Whether its value is known, or known to have been unknown. */
  has(name: string): boolean {
    return this.#names.has(name);
  }

  read(slot: number): MaybeValue {
    return this.#bySlot.get(slot);
  }
}

function outcomesByKey(outcomes: Outcomes): ReadonlyMap<string, Trilean> {
  const byKey = new Map<string, Trilean>();
  const add = (keys: string, outcome: Trilean): void => {
    for (let at = 0; at < keys.length; at += KEY_LENGTH) byKey.set(keys.slice(at, at + KEY_LENGTH), outcome);
  };
  add(outcomes.true, true);
  add(outcomes.false, false);
  add(outcomes.unknown, undefined);
  return byKey;
}

function partsOf(expression: Expression): readonly Expression[] {
  if (expression.kind === 'logic') return expression.items;
  return expression.kind === 'not' || expression.kind === 'group' ? [expression.item] : [];
}
