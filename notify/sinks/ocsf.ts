// Events as OCSF: the class Detection Finding. https://schema.ocsf.io/1.6.0/classes/detection_finding

import { VERSION } from '../../runtime/version.ts';
import type { StoredEvent } from '../events.ts';
import { describeEvent, EVENT_TITLES, type Severity, severityOf, userOf } from './describe-event.ts';

const OCSF_VERSION = '1.6.0';
const CATEGORY_FINDINGS = 2;
const CLASS_DETECTION_FINDING = 2004;
const ACTIVITY_CREATE = 1;
const STATUS_NEW = 1;
const CONFIDENCE_HIGH = 3;
const USER_REGULAR = 1;

const SEVERITIES: { readonly [severity in Severity]: readonly [id: number, caption: string] } = {
  informational: [1, 'Informational'],
  low: [2, 'Low'],
  medium: [3, 'Medium'],
  high: [4, 'High'],
  critical: [5, 'Critical'],
};

export function formatOcsf({ id, atMs, event }: StoredEvent): object {
  const { type, ...fields } = event;
  const [severity_id, severity] = SEVERITIES[severityOf(event)];
  const user = userOf(event);
  return {
    category_uid: CATEGORY_FINDINGS,
    class_uid: CLASS_DETECTION_FINDING,
    activity_id: ACTIVITY_CREATE,
    type_uid: CLASS_DETECTION_FINDING * 100 + ACTIVITY_CREATE,
    time: atMs,
    severity_id,
    severity,
    status_id: STATUS_NEW,
    confidence_id: CONFIDENCE_HIGH,
    is_alert: true,
    message: describeEvent(event),
    metadata: {
      version: OCSF_VERSION,
      uid: id,
      event_code: type,
      product: { name: 'Credveil', vendor_name: 'Credveil', version: VERSION },
    },
    finding_info: { uid: id, title: EVENT_TITLES[type], types: [type], created_time: atMs },
    ...(user !== undefined && { evidences: [{ user: { uid: user, type_id: USER_REGULAR } }] }),
    unmapped: fields,
  };
}
