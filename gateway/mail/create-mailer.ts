// The mailer that the key `mail` describes.

import fs from 'node:fs';
import { ProtocolError } from '../../protocol/errors.ts';
import type { KeyFileAccess } from '../../store/key-file.ts';
import { readSecretAt } from '../secret-at.ts';
import type { MailConfig } from './mail-schema.ts';
import { Mailer } from './mailer.ts';

/** @throws StoreError for a password that is none, Error of the platform for a file of CAs */
export function createMailer({ passwordFile, caFile, ...server }: MailConfig, access: KeyFileAccess): Mailer {
  const password =
    passwordFile === undefined
      ? undefined
      : readSecretAt('mail.passwordFile', passwordFile, { wanted: 'secret', parse: parsePassword }, access);
  return new Mailer({ ...server, password, ca: caFile === undefined ? undefined : fs.readFileSync(caFile, 'utf8') });
}

function parsePassword(text: string): string {
  const secret = text.trim();
  if (!/^[\x20-\x7e]{1,500}$/.test(secret)) throw new ProtocolError('KEY_MALFORMED', 'not a secret', 'Write one line.');
  return secret;
}
