// Events as ECS, the Elastic Common Schema. https://elastic.co/docs/reference/ecs

import { VERSION } from '../../runtime/version.ts';
import type { EventType, StoredEvent } from '../events.ts';
import { describeEvent, type Severity, severityOf, userOf } from './describe-event.ts';

const ECS_VERSION = '9.0.0';

/** `event.category` and `event.type`, from the values that ECS allows together. */
const ACCOUNT = { category: ['iam'], type: ['info', 'user'] };
const SERVICE = { category: ['configuration'], type: ['info'] };
const CATEGORIES: { readonly [type in EventType]: { readonly category: string[]; readonly type: string[] } } = {
  'account.leaked': ACCOUNT,
  'account.named': ACCOUNT,
  'watch.found': ACCOUNT,
  'canary.found': ACCOUNT,
  'quota.used_up': { category: ['api'], type: ['denied'] },
  'snapshot.stale': SERVICE,
  'reload.failed': SERVICE,
  'login.leaked': { category: ['authentication'], type: ['info'] },
  'credveil.test': SERVICE,
};

/** `event.severity` is a number of the source's own; these rise as Elastic's risk scores do. */
const SEVERITIES: { readonly [severity in Severity]: number } = {
  informational: 0,
  low: 21,
  medium: 47,
  high: 73,
  critical: 99,
};

export function formatEcs({ id, atMs, event }: StoredEvent): object {
  const { type, ...fields } = event;
  const user = userOf(event);
  return {
    '@timestamp': new Date(atMs).toISOString(),
    message: describeEvent(event),
    ecs: { version: ECS_VERSION },
    event: {
      id,
      kind: 'alert',
      ...CATEGORIES[type],
      action: type,
      module: 'credveil',
      dataset: 'credveil.events',
      provider: 'credveil',
      severity: SEVERITIES[severityOf(event)],
    },
    service: { name: 'credveil', type: 'credveil', version: VERSION },
    ...(user !== undefined && { user: { id: user }, related: { user: [user] } }),
    credveil: fields,
  };
}
