// What a configuration makes of a recorded request.

import { Refusal } from './answers/kinds.ts';
import { type Application, judgePath } from './applications.ts';
import type { PreparedRule } from './phases/rules/prepared-rule.ts';
import { decide } from './phases/rules/rules.ts';
import { configDigests } from './record/config-digests.ts';
import type { DecisionEnd, DecisionMatch } from './record/decision.ts';
import type { Decision } from './record/decision-schema.ts';
import { RecordedRules } from './record/recorded-rules.ts';
import type { RequestHead } from './request/head.ts';
import type { Explanation } from './rules/explain.ts';
import type { Trilean } from './rules/schema/types.ts';
import type { GatewaySetup } from './setup.ts';

export type ReplayedEnd =
  | DecisionEnd
  /** No rule ends it. What comes behind the rules is not known. */
  | { readonly passed: true }
  | { readonly redirected: true }
  /** It depends on what was not recorded, or cannot be. */
  | { readonly untold: readonly string[]; readonly rule?: string };

export interface Replayed {
  readonly app: string | undefined;
  readonly end: ReplayedEnd;
  readonly matches: readonly DecisionMatch[];
  /** Rules that log or change, and of which it cannot be told whether they apply. */
  readonly untold: readonly { readonly rule: string; readonly fields: readonly string[] }[];
}

export interface ReplayedRule {
  readonly name: string;
  readonly action: string;
  readonly outcome: Trilean;
  readonly untold: readonly string[];
  /** The path as the rule read it. */
  readonly reading: string;
  readonly parts: Explanation;
}

export function replay(decision: Decision, setup: GatewaySetup): Replayed {
  const place = placeOf(decision, setup);
  if ('end' in place) return { app: place.app, end: place.end, matches: [], untold: [] };
  const { application } = place;
  const recorded = new RecordedRules(decision, application, setup.config);
  const app = application.name;
  const isAskedAnew =
    decision.rules === 'asked' || (decision.rules === 'late' && recorded.digest !== decision.config.rules);
  if (!isAskedAnew) return { app, end: endBehindRules(decision, application, setup), matches: [], untold: [] };
  const { rules } = application.rules;
  const matches: DecisionMatch[] = [];
  const untold: { rule: string; fields: readonly string[] }[] = [];
  let blockedBy = '';
  let undecided: ReplayedEnd | undefined;
  const outcomeOf = (rule: PreparedRule): Trilean => {
    if (undecided) return false;
    const { outcome, untold: fields } = recorded.outcomeOf(rule);
    if (fields.length === 0) return outcome;
    if (rule.action.kind === 'block' || rule.action.kind === 'skip') undecided = { untold: fields, rule: rule.name };
    else untold.push({ rule: rule.name, fields });
    return false;
  };
  const blocking = decide(rules, rules.keys(), outcomeOf, ({ name, action, isUnknown }) => {
    matches.push({ rule: name, action: action.kind, isUnknown });
    blockedBy = name;
    if (action.kind === 'addToList' && !isUnknown) recorded.join(action.addToList.list);
  });
  if (undecided) return { app, end: undecided, matches, untold };
  if (blocking) return { app, end: { blockedBy, status: blocking.block.status }, matches, untold };
  return { app, end: endBehindRules(decision, application, setup), matches, untold };
}

/**
 * What each rule of the application makes of it, whether or not those before it let it through.
 * `digest` is that of the rules.
 */
export function explainRecorded(
  decision: Decision,
  setup: GatewaySetup,
): { readonly rules: readonly ReplayedRule[]; readonly digest: string | undefined } {
  const place = placeOf(decision, setup);
  if ('end' in place) return { rules: [], digest: undefined };
  const recorded = new RecordedRules(decision, place.application, setup.config);
  const rules = place.application.rules.rules.map((rule): ReplayedRule => {
    const { outcome, untold, reading: place } = recorded.outcomeOf(rule);
    const reading = decision.readings[place] ?? '';
    const parts = recorded.explain(rule, place);
    const result = { name: rule.name, action: rule.action.kind, outcome, untold, reading, parts };
    const acted = decision.matches.some((match) => match.rule === rule.name && !match.isUnknown);
    if (acted && rule.action.kind === 'addToList') recorded.join(rule.action.addToList.list);
    return result;
  });
  return { rules, digest: recorded.digest };
}

type Place = { readonly application: Application } | { readonly app: string | undefined; readonly end: ReplayedEnd };

/** The application of the request, and whether its path comes to the rules. */
function placeOf(decision: Decision, { applications }: GatewaySetup): Place {
  const { fields, readings, isMasked } = decision;
  const [path = '/'] = readings;
  const host = String(fields['http.host'] ?? '');
  // A masked path is of a host whose paths lead to one application, or stays where it was.
  const named = { host, path, method: String(fields['http.request.method'] ?? 'GET') } as RequestHead;
  try {
    const found = applications.find(named);
    const { application } = found;
    if (isMasked && application.name !== decision.app)
      return { app: undefined, end: { untold: ['http.request.uri.path'] } };
    // Each stands there once more where names of headers or arguments read in another way.
    const isRead = isMasked || JSON.stringify(found.readings) === JSON.stringify([...new Set(readings)]);
    if (!isRead) return { app: application.name, end: { untold: ['readings of http.request.uri.path'] } };
    if (!isMasked && 'redirect' in judgePath(named, found)) return { app: application.name, end: { redirected: true } };
    return { application };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { app: undefined, end: { refused: error.code } };
  }
}

/**
 * Limits and sessions are not counted anew: what they did stands if they are configured as then.
 */
function endBehindRules(decision: Decision, { config }: Application, setup: GatewaySetup): ReplayedEnd {
  if ('blockedBy' in decision.end) return { passed: true };
  const isAsThen = configDigests(config, setup.config).limits === decision.config.limits;
  const isOfLogins = decision.login !== undefined || 'limit' in decision.end;
  return isAsThen || !isOfLogins ? decision.end : { untold: ['login and loginLimits, which differ'] };
}

/** `blocked` and `passed` are of requests that were forwarded or blocked: limits refuse others. */
export type Change = 'same' | 'blocked' | 'passed' | 'otherwise' | 'rules' | 'untold';

/** In what a configuration differs from what was decided. */
export function changeOf(decision: Decision, { end, matches, untold }: Replayed): Change {
  if ('untold' in end) return 'untold';
  if (JSON.stringify(end) !== JSON.stringify(decision.end)) {
    if ('blockedBy' in end) return 'forwarded' in decision.end ? 'blocked' : 'otherwise';
    return 'passed' in end ? 'passed' : 'otherwise';
  }
  if (JSON.stringify(matches) !== JSON.stringify(decision.matches)) return untold.length > 0 ? 'untold' : 'rules';
  return untold.length > 0 ? 'untold' : 'same';
}
