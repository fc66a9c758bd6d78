// The key `mail`, and what a provider of codes by mail has of it.

import { z } from 'zod';
import { text } from '../config-values.ts';

const SMTP = 'must be smtp:// or smtps:// with a host, and nothing behind its port';
const ADDRESS = 'must be an e-mail address';

function isSmtpUrl(value: string): boolean {
  if (!/^smtps?:\/\//.test(value) || !URL.canParse(value)) return false;
  const { hostname, username, password, pathname, search, hash } = new URL(value);
  return hostname !== '' && [username, password, pathname.replace('/', ''), search, hash].every((part) => part === '');
}

export const emailAddress = z.string({ error: ADDRESS }).regex(/^[^\s@<>,;"]+@[^\s@<>,;"]+$/, { error: ADDRESS });

/** A mail server, and who sends. */
export const SERVER_KEYS = {
  smtp: z.string({ error: SMTP }).refine(isSmtpUrl, { error: SMTP }),
  /** Beyond loopback, both go under TLS. */
  user: text('must be a user name').optional(),
  passwordFile: text('must be a path').optional(),
  from: emailAddress,
};

export const MAIL_SCHEMA = z.strictObject({
  ...SERVER_KEYS,
  /** PEM: the CAs of the server's certificate, if they are one's own. */
  caFile: text('must be a path').optional(),
  /** Who is told of changes of factors beside the person. */
  admin: emailAddress.optional(),
});

export type MailConfig = z.infer<typeof MAIL_SCHEMA>;
