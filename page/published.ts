// What a dataset's service publishes, as the page shows it. The SDK verifies it; the page reads the
// same bytes for display.

import type { DatasetId, KeyId, LayerId } from '../protocol/brands.ts';
import { decodeEnvelope, STATEMENT_KIND } from '../protocol/signed/envelope.ts';
import { type Layer, parseStatement, type Statement } from '../protocol/signed/statement.ts';

/** Of a statement and its one layer. */
export interface Published extends Pick<Layer, 'indexes' | 'similar' | 'filter'> {
  readonly dataset: DatasetId;
  readonly suite: Statement['suite'];
  readonly auth: Statement['auth'];
  readonly keyId: KeyId;
  /** Under `oprf` only: 64 hex digits. */
  readonly publicKey?: string;
  readonly layer: LayerId;
  readonly usernameRules?: Statement['usernameRules'];
}

/** @param envelope the answer of /v1/statement @throws ProtocolError */
export function readPublished(envelope: Uint8Array): Published {
  const { payload } = decodeEnvelope(STATEMENT_KIND, envelope);
  const { dataset, suite, auth, keyId, publicKey, usernameRules, layers } = parseStatement(payload);
  const [{ id, ...layer }] = layers;
  const optional = { ...(publicKey !== undefined && { publicKey }), ...(usernameRules && { usernameRules }) };
  return { dataset, suite, auth, keyId, ...optional, layer: id, ...layer };
}
