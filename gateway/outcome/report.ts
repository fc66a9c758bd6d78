// What an application reports of a login: JSON, strict and bounded.

import type { LoginOutcome } from '../login/attempt.ts';

export const MAX_REPORT_BYTES = 4_096;
const MAX_USER_LENGTH = 1_024;
const ATTEMPT = /^[\w-]{12}$/;

export interface Report {
  /** The value of `Credveil-Attempt` in the request. */
  readonly attempt: string;
  readonly outcome: Exclude<LoginOutcome, 'unknown'>;
  /** How the application itself names the account, whichever of its names was typed. */
  readonly user?: string;
}

/** Undefined for anything else. */
export function parseReport(bytes: Uint8Array): Report | undefined {
  if (bytes.length > MAX_REPORT_BYTES) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { attempt, outcome, user, ...others } = value as { readonly [name: string]: unknown };
  if (Object.keys(others).length > 0 || typeof attempt !== 'string' || !ATTEMPT.test(attempt)) return undefined;
  if (outcome !== 'success' && outcome !== 'failure') return undefined;
  if (user === undefined) return { attempt, outcome };
  const isUser = typeof user === 'string' && user.trim() !== '' && user.length <= MAX_USER_LENGTH;
  return isUser ? { attempt, outcome, user } : undefined;
}
