// What a dataset's service publishes, as the page shows it. The SDK verifies it; the page reads the
// same bytes for display.

import type { DatasetId, KeyId } from '../protocol/brands.ts';
import { decodeEnvelope, STATEMENT_KIND } from '../protocol/signed/envelope.ts';
import { type Layer, type Layers, parseStatement, type Statement } from '../protocol/signed/statement.ts';

/** Of a statement: `indexes` are those of the first layer, whose prefixes all layers have. */
export interface Published extends Pick<Layer, 'indexes' | 'similar'> {
  readonly dataset: DatasetId;
  readonly suite: Statement['suite'];
  readonly auth: Statement['auth'];
  readonly keyId: KeyId;
  /** Under `oprf` only: 64 hex digits. */
  readonly publicKey?: string;
  readonly layers: Layers;
  readonly usernameRules?: Statement['usernameRules'];
}

/** @param envelope the answer of /v1/statement @throws ProtocolError */
export function readPublished(envelope: Uint8Array): Published {
  const { payload } = decodeEnvelope(STATEMENT_KIND, envelope);
  const { dataset, suite, auth, keyId, publicKey, usernameRules, layers } = parseStatement(payload);
  const [{ indexes, similar }] = layers;
  const optional = { ...(publicKey !== undefined && { publicKey }), ...(usernameRules && { usernameRules }) };
  return { dataset, suite, auth, keyId, ...optional, layers, indexes, ...(similar && { similar }) };
}
