// The quota fields of a response: RateLimit-Policy and RateLimit of the IETF's
// draft-ietf-httpapi-ratelimit-headers-11, structured fields of RFC 9651. PROTOCOL.md §18.

import { QUOTA_POLICIES, type QuotaPolicy, type QuotaUnit, windowEnd } from './policy.ts';

/** A policy and the remaining quota of its client. */
export interface QuotaStanding {
  readonly policy: QuotaPolicy;
  readonly limit: number;
  readonly window: number;
  /** As known to this process: its lease plus the free count of its last answer. */
  readonly remaining: number;
}

/**
 * The draft's units are requests, its default, and content-bytes. It registers none for group
 * elements and ignores unregistered parameters: the policy's name and one such parameter identify
 * that unit.
 */
const UNITS: { readonly [unit in QuotaUnit]: string } = {
  requests: '',
  evaluations: ';credveil-unit="evaluations"',
  bytes: ';qu="content-bytes"',
};

export function formatPolicies(limits: readonly Pick<QuotaStanding, 'policy' | 'limit'>[]): string {
  return limits
    .map(({ policy, limit }) => {
      const { unit, windowMs } = QUOTA_POLICIES[policy];
      return `"${policy}";q=${limit};w=${windowMs / 1000}${UNITS[unit]}`;
    })
    .join(', ');
}

export function formatStandings(standings: readonly QuotaStanding[], nowMs: number): string {
  let field = '';
  for (const standing of standings) {
    if (field !== '') field += ', ';
    field += `"${standing.policy}";r=${standing.remaining};t=${secondsLeft(standing, nowMs)}`;
  }
  return field;
}

/** Whole seconds until a window ends, at least 1. */
export function secondsLeft({ policy, window }: Pick<QuotaStanding, 'policy' | 'window'>, nowMs: number): number {
  return Math.max(1, Math.ceil((windowEnd(policy, window) - nowMs) / 1000));
}
