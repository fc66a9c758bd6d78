// Phase 9: what the rules that apply to a request do.

import type { Exchange } from '../exchange.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import type { RuleAction } from './rules/rule-config.ts';
import { applyRules } from './rules/rules.ts';

type Block = Extract<RuleAction, { kind: 'block' }>;

/** @returns whether a rule ended the request */
export function isBlocked(exchange: Exchange, parts: PipelineParts): boolean {
  const blocking = blockedBy(exchange, parts);
  if (!blocking) return false;
  exchange.answer('BLOCKED', { custom: blocking.block });
  parts.observe.blocked(exchange);
  return true;
}

/**
 * Applies the rules of the request's application. @returns the action that blocks it, if one does
 */
export function blockedBy(exchange: Exchange, { observe, recorder, lists }: PipelineParts): Block | undefined {
  const rules = exchange.application?.rules;
  if (!rules) return undefined;
  if (exchange.attempt) recorder.begin(exchange);
  return applyRules(rules, exchange, (match) => {
    recorder.begin(exchange);
    observe.matched(exchange, match);
    const { action, isUnknown } = match;
    if (isUnknown) return;
    if (action.kind === 'setHeader')
      for (const [name, value] of Object.entries(action.setHeader)) exchange.added.set(name, value);
    else if (action.kind === 'addToList' && exchange.client)
      lists().observe(action.addToList.list, exchange.client, action.addToList.ttl);
  });
}
