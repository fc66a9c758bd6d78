// What the gateway decided on one request, and what it decided by: a line of the record.
//
// It holds no credential: fields are those of an allow-list, and of all others the outcomes of the
// conditions that read them.

import type { Decision } from './decision-schema.ts';

export type DecisionEnd = Decision['end'];
export type DecisionMatch = Decision['matches'][number];
export type Recorded = Decision['fields'][string];
export type Outcomes = Decision['conditions'][number];

/** What is kept of a request while it goes on. */
export type Captured = Omit<Decision, 'v' | 'end' | 'skipped' | 'matches' | 'login' | 'held'> & {
  matches: DecisionMatch[];
  login?: Decision['login'];
  held?: Decision['held'];
};

export const formatDecision = (decision: Decision): string => JSON.stringify(decision);
