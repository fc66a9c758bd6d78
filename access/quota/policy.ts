// The quota policies of clients. PROTOCOL.md §18.

export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;

/** What a policy counts. */
export type QuotaUnit = 'requests' | 'evaluations' | 'bytes';

/** The policies: a unit and a window. Windows begin with the minute or the day, in UTC. */
export const QUOTA_POLICIES = {
  'requests-per-minute': { unit: 'requests', windowMs: MINUTE_MS },
  'requests-per-day': { unit: 'requests', windowMs: DAY_MS },
  'evaluations-per-minute': { unit: 'evaluations', windowMs: MINUTE_MS },
  'evaluations-per-day': { unit: 'evaluations', windowMs: DAY_MS },
  'bytes-per-day': { unit: 'bytes', windowMs: DAY_MS },
} as const satisfies Record<string, { readonly unit: QuotaUnit; readonly windowMs: number }>;

export type QuotaPolicy = keyof typeof QUOTA_POLICIES;
export const QUOTA_POLICY_NAMES = Object.keys(QUOTA_POLICIES) as QuotaPolicy[];

/** The maximum per window, by policy. */
export type Quotas = { readonly [policy in QuotaPolicy]?: number };
export const MAX_QUOTA = 10 ** 12;

/** The number of the window that contains a time. */
export const windowOf = (policy: QuotaPolicy, nowMs: number): number =>
  Math.floor(nowMs / QUOTA_POLICIES[policy].windowMs);

/** The end of a window, in milliseconds since 1970. */
export const windowEnd = (policy: QuotaPolicy, window: number): number =>
  (window + 1) * QUOTA_POLICIES[policy].windowMs;
