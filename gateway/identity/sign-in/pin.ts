// A code by e-mail, for people without a provider. It proves that they read the mail of an address,
// and no more than that: NIST SP 800-63B §3.1.3.1 has it for no second factor.

import type { SentMessageInfo, Transporter } from 'nodemailer';
import type { PinConfig } from '../identity-schema.ts';
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

const TIMEOUT_MS = 20_000;
/** Of mails that are on their way; what comes beyond is not sent. */
const MAX_SENDING = 32;
const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

export class MailedPin implements PinProvider {
  readonly kind = 'pin';
  readonly #options: PinOptions;
  readonly name: string;
  readonly label: string;
  readonly digest: string;
  #transport: Promise<Transporter<SentMessageInfo>> | undefined;
  #sending = 0;

  constructor(options: PinOptions) {
    const { name, config, digest } = options;
    this.#options = options;
    this.name = name;
    this.label = config.label ?? 'A code by e-mail';
    this.digest = digest;
  }

  accepts(email: string): boolean {
    const [local = '', domain = ''] = email.split('@');
    const { to } = this.#options.config.pin;
    // `bob+2` is Bob again: a policy that blocks him knows his address alone.
    return to.includes(email) || (!local.includes('+') && to.includes(`@${domain}`));
  }

  send(email: string, code: string, site: string): Promise<void> {
    return this.mail(email, `Sign in to ${site}`, textOf(code, site));
  }

  async mail(email: string, subject: string, text: string): Promise<void> {
    if (this.#sending >= MAX_SENDING) throw new SignInError('away', 'too many mails');
    this.#sending++;
    try {
      this.#transport ??= this.#connect();
      await (await this.#transport).sendMail({
        from: this.#options.config.pin.from,
        to: { name: '', address: email },
        subject,
        text,
        headers: { 'Auto-Submitted': 'auto-generated' },
      });
    } catch (cause) {
      const { code: reason } = cause as { readonly code?: unknown };
      throw new SignInError('away', typeof reason === 'string' ? reason : 'mail', { cause });
    } finally {
      this.#sending--;
    }
  }

  personOf(email: string): Person {
    return { provider: this.name, subject: email, email, groups: [], claims: new Map(), amr: ['otp'] };
  }

  /** Only what sends mails loads what does so. */
  async #connect(): Promise<Transporter<SentMessageInfo>> {
    const { config, password, ca } = this.#options;
    const { smtp, user } = config.pin;
    const { protocol, hostname, port } = new URL(smtp);
    const { createTransport } = await import('nodemailer');
    const isSecure = protocol === 'smtps:';
    return createTransport({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port) || (isSecure ? 465 : 25),
      secure: isSecure,
      requireTLS: !isSecure && !LOOPBACK.has(hostname),
      ...(user !== undefined && { auth: { user, pass: password ?? '' } }),
      ...(ca !== undefined && { tls: { ca } }),
      connectionTimeout: TIMEOUT_MS,
      greetingTimeout: TIMEOUT_MS,
      socketTimeout: TIMEOUT_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
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
