// Mails of the gateway, by the operator's own server. Only what sends one loads what does so.

import type { SentMessageInfo, Transporter } from 'nodemailer';

export interface MailServer {
  /** `smtp://` or `smtps://`, with a host and maybe a port. */
  readonly smtp: string;
  readonly user?: string | undefined;
  readonly password: string | undefined;
  readonly from: string;
  /** PEM; undefined for the CAs of the platform. */
  readonly ca: string | undefined;
}

export interface Mail {
  /** One address. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** A mail that was not taken. */
export class MailError extends Error {
  override name = 'MailError';
  /** For the operator: a code of the library, or what was full. */
  readonly reason: string;

  constructor(reason: string, options: ErrorOptions = {}) {
    super(`not mailed: ${reason}`, options);
    this.reason = reason;
  }
}

const TIMEOUT_MS = 20_000;
/** Of mails that are on their way; what comes beyond is not sent. */
const MAX_SENDING = 32;
const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

export class Mailer {
  readonly #server: MailServer;
  #transport: Promise<Transporter<SentMessageInfo>> | undefined;
  #sending = 0;

  constructor(server: MailServer) {
    this.#server = server;
  }

  /** @throws MailError */
  async send({ to, subject, text }: Mail): Promise<void> {
    if (this.#sending >= MAX_SENDING) throw new MailError('too many mails');
    this.#sending++;
    try {
      this.#transport ??= this.#connect();
      await (await this.#transport).sendMail({
        from: this.#server.from,
        to: { name: '', address: to },
        subject,
        text,
        headers: { 'Auto-Submitted': 'auto-generated' },
      });
    } catch (cause) {
      const { code } = cause as { readonly code?: unknown };
      throw new MailError(typeof code === 'string' ? code : 'mail', { cause });
    } finally {
      this.#sending--;
    }
  }

  async #connect(): Promise<Transporter<SentMessageInfo>> {
    const { smtp, user, password, ca } = this.#server;
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
