// A code by e-mail, for people without a provider. It proves that they read the mail of an address,
// and no more than that: NIST SP 800-63B §3.1.3.1 has it for no second factor.

import { MailError, Mailer } from '../../mail/mailer.ts';
import type { PinConfig } from '../identity-schema.ts';
import { sourceOf, takes } from '../known-people.ts';
import type { Person } from '../person.ts';
import { type PinProvider, SignInError } from './provider.ts';

export interface PinOptions {
  readonly name: string;
  readonly config: PinConfig;
  readonly password: string | undefined;
  /** PEM; undefined for the CAs of the platform. */
  readonly ca: string | undefined;
  readonly digest: string;
}

export class MailedPin implements PinProvider {
  readonly kind = 'pin';
  readonly #mailer: Mailer;
  readonly name: string;
  readonly source: string;
  readonly accepts: (email: string) => boolean;
  readonly label: string;
  readonly digest: string;

  constructor({ name, config, password, ca, digest }: PinOptions) {
    this.#mailer = new Mailer({ ...config.pin, password, ca });
    this.name = name;
    this.source = sourceOf(config);
    this.accepts = takes(config.pin.to);
    this.label = config.label ?? 'A code by e-mail';
    this.digest = digest;
  }

  send(email: string, code: string, site: string): Promise<void> {
    return this.mail(email, `Sign in to ${site}`, textOf(code, site));
  }

  async mail(email: string, subject: string, text: string): Promise<void> {
    try {
      await this.#mailer.send({ to: email, subject, text });
    } catch (cause) {
      throw new SignInError('away', cause instanceof MailError ? cause.reason : 'mail', { cause });
    }
  }

  /** RFC 8176 has no word for it: `otp` is that of an authenticator. */
  personOf(email: string): Person {
    const { name: provider, source } = this;
    return { provider, source, subject: email, email, groups: [], claims: new Map(), amr: ['email'] };
  }
}

const textOf = (code: string, site: string): string =>
  [
    `Your code for ${site} is ${code}.`,
    '',
    'Type it into the page that asks for it. It is good for ten minutes, once.',
    'Nobody asks you for it by telephone or mail. If you did not want to sign in, do nothing.',
    '',
  ].join('\n');
