// The token with which applications report.

import { createHash, timingSafeEqual } from 'node:crypto';
import { ProtocolError } from '../../protocol/errors.ts';
import type { KeyFileAccess } from '../../store/key-file.ts';
import { readSecretAt } from '../secret-at.ts';

const TOKEN = /^[\x21-\x7e]{32,256}$/;

export interface OutcomeToken {
  /** Of the header Authorization: `Bearer` and the token. Takes as long for each wrong one. */
  isIn(authorization: string | undefined): boolean;
}

/** @throws StoreError for a file that cannot be used */
export function readOutcomeToken(file: string, access: KeyFileAccess = {}): OutcomeToken {
  const digest = readSecretAt('outcome.tokenFile', file, { wanted: 'token', parse: digestOf }, access);
  return {
    isIn: (authorization = '') => {
      const [, given = ''] = /^bearer +(\S+)$/i.exec(authorization) ?? [];
      return timingSafeEqual(hash(given), digest);
    },
  };
}

function digestOf(text: string): Buffer {
  const token = text.trim();
  if (!TOKEN.test(token)) throw new ProtocolError('KEY_MALFORMED', 'not a token', 'Write a longer one.');
  return hash(token);
}

const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
