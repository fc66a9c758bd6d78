// Factors in the process that has the state: who may ask, and who is told.

import type { OnEvent } from '../../runtime/events.ts';
import type { GatewayConfig } from '../config/schema.ts';
import { changeMail, codeMail } from '../factors/change-mails.ts';
import { emailOf, type UserId } from '../factors/factor.ts';
import { FactorAdmin } from '../factors/factor-admin.ts';
import { FactorBook } from '../factors/factor-book.ts';
import type { FactorChange } from '../factors/factor-messages.ts';
import { createLocalFactors, type FactorPeer } from '../factors/factor-peer.ts';
import { FactorSeal } from '../factors/user-record.ts';
import { SessionBook } from '../identity/sessions/session-book.ts';
import type { SessionStore } from '../identity/sessions/session-store.ts';
import { createMailer } from '../mail/create-mailer.ts';
import { type Mail, MailError, type Mailer } from '../mail/mailer.ts';
import { deriveKey } from '../state/gateway-key.ts';
import type { SqliteState } from '../state/sqlite-state.ts';

export interface KeptFactorsOptions {
  readonly state: SqliteState;
  readonly key: Uint8Array;
  readonly sessions: SessionStore;
  readonly onEvent: OnEvent;
  /** Default: the clock of the machine. */
  readonly now?: () => number;
}

type FactorConfig = Pick<GatewayConfig, 'factors' | 'mail' | 'auth' | 'keyFileGroup'>;

export class KeptFactors {
  readonly #onEvent: OnEvent;
  readonly admin: FactorAdmin;
  readonly peer: FactorPeer;
  #config: FactorConfig | undefined;
  #mailer: Mailer | undefined;

  constructor({ state, key, sessions, onEvent, now = Date.now }: KeptFactorsOptions) {
    this.#onEvent = onEvent;
    const seal = new FactorSeal({ seal: deriveKey(key, 'factor-secrets'), names: deriveKey(key, 'factor-names') });
    const shared = {
      ...{ state, seal, now },
      onChange: (user: UserId, change: FactorChange) => this.#changed(user, change),
      onRemoved: async (user: UserId, factors: readonly string[]) => {
        await Promise.all(factors.map((factor) => sessions.endFactor(factor)));
        await state.deleteOwned('once', sessions.names.challenges(user));
      },
    };
    const onForgotten = async (user: UserId) => void (await new SessionBook(state, sessions).end({ user }));
    this.admin = new FactorAdmin({ ...shared, onForgotten });
    const book = new FactorBook({
      ...shared,
      rules: () => ({
        windowMs: this.#config?.factors.window ?? 0,
        byMail: this.#config?.factors.enrolByMail === true && this.#mailer !== undefined,
        issuer: this.#issuer,
      }),
      mail: (user, code) => this.#send({ to: user, ...codeMail(code, this.#issuer) }),
    });
    this.peer = createLocalFactors(book, this.admin);
  }

  /** @throws StoreError, Error of the platform for files that cannot be used */
  use(config: FactorConfig): void {
    const { mail, keyFileGroup: group } = config;
    this.#config = config;
    const access = group === undefined ? {} : { group };
    this.#mailer = mail && createMailer(mail, access);
  }

  get #issuer(): string {
    return this.#config?.auth ?? 'this gateway';
  }

  #changed(user: UserId, change: FactorChange): void {
    const method = 'method' in change ? change.method : undefined;
    const by = 'how' in change ? change.how : 'by' in change ? change.by : undefined;
    this.#onEvent({
      event: 'factor-changed',
      change: change.change,
      ...(method !== undefined && { method }),
      ...(by !== undefined && { by }),
    });
    const mail = changeMail(change, this.#issuer);
    const to = emailOf(user);
    if (to !== undefined) this.#send({ to, ...mail });
    const { admin } = this.#config?.mail ?? {};
    if (admin !== undefined) this.#send({ to: admin, ...mail, text: `Of ${user}: ${mail.text}` });
  }

  #send(mail: Mail): void {
    this.#mailer?.send(mail).catch((error: unknown) => {
      const reason = error instanceof MailError ? error.reason : 'mail';
      this.#onEvent({ event: 'mail-failed', reason, hint: 'Look at the mail server that `mail` names.' });
    });
  }
}
