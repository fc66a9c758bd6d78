// The credential in a body that the framework has parsed, or should have.

import type { Credential } from '../inquiry.ts';
import { credentialsIn, type ParsedFields, unreadable } from './fields.ts';
import type { NodeMessage } from './node-message.ts';

/** @throws CredentialUnreadable where there is a body and nobody has parsed it: what it holds was not looked at */
export function credentialsInParsed(
  body: unknown,
  { headers }: NodeMessage,
  fields: ParsedFields,
): readonly Credential[] {
  const isSent = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  const isParsed = typeof body !== 'object' || body === null || Object.keys(body).length > 0;
  // Express 4 has an empty object where no parser was there.
  if (isSent && (body === undefined || !isParsed)) throw unreadable('no parser has read its body');
  return credentialsIn(body, fields);
}
