// Events in words, with the weight that people give them.

import type { EventType, NotifyEvent } from '../events.ts';

export type Severity = 'informational' | 'low' | 'medium' | 'high' | 'critical';

/** A short title that is the same for all events of a type. */
export const EVENT_TITLES: { readonly [type in EventType]: string } = {
  'account.leaked': 'A leaked password fits an account',
  'account.named': 'The name of an account is in a leak',
  'watch.found': 'A watched account is in a leak with its password',
  'canary.found': 'A planted account is in a leak',
  'quota.used_up': 'A client used up a quota',
  'snapshot.stale': 'The current snapshot runs out',
  'reload.failed': 'The service refused something new',
  'login.leaked': 'A right password has leaked',
  'credveil.test': 'A test of this sink',
};

const LOGIN_SEVERITIES = { pair: 'high', similar: 'medium', password: 'medium', username: 'low' } as const;

const LOGIN_FINDINGS = {
  pair: 'whose pair has leaked',
  similar: 'with a password similar to a leaked one',
  password: 'with a leaked password',
  username: 'whose name has leaked',
} as const;

export function severityOf(event: NotifyEvent): Severity {
  switch (event.type) {
    case 'canary.found':
      return 'critical';
    case 'account.leaked':
    case 'watch.found':
      return event.finding === 'exact' ? 'high' : 'medium';
    case 'login.leaked':
      return LOGIN_SEVERITIES[event.finding];
    case 'snapshot.stale':
      return event.state === 'expired' ? 'high' : 'medium';
    case 'reload.failed':
      return 'medium';
    case 'account.named':
    case 'quota.used_up':
      return 'low';
    case 'credveil.test':
      return 'informational';
  }
}

/** One sentence. Ids and names are in it as they are: format it as JSON. */
export function describeEvent(event: NotifyEvent): string {
  switch (event.type) {
    case 'account.leaked':
      return event.finding === 'exact'
        ? `source ${event.source} has the password of account ${event.account}`
        : `source ${event.source} has a password similar to that of account ${event.account}`;
    case 'account.named':
      return `source ${event.source} has a name of account ${event.account}`;
    case 'watch.found':
      return event.finding === 'exact'
        ? `source ${event.source} has watched account ${event.account} with its password`
        : `source ${event.source} has watched account ${event.account} with a similar password`;
    case 'canary.found':
      return `source ${event.source} has canary ${event.canary}${event.finding === 'pair' ? ' with its password' : ''}: your own user table may have leaked`;
    case 'quota.used_up':
      return `client ${event.client} used up ${event.policy}`;
    case 'snapshot.stale':
      return event.state === 'expired'
        ? `the head of snapshot ${event.snapshot} ran out at ${event.validUntil}: clients refuse it`
        : `the head of snapshot ${event.snapshot} runs out at ${event.validUntil}`;
    case 'reload.failed':
      return `the service refused a new ${event.what} (${event.code}) and goes on with the previous one`;
    case 'login.leaked':
      return `user ${event.user} logged in to ${event.app} (${event.login}) ${LOGIN_FINDINGS[event.finding]}`;
    case 'credveil.test':
      return 'this sink is set up';
  }
}

/** The account that an event is about. */
export function userOf(event: NotifyEvent): string | undefined {
  if (event.type === 'login.leaked') return event.user;
  return 'account' in event ? event.account : 'canary' in event ? event.canary : undefined;
}
