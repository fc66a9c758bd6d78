// What became of logins that were held back, as events. Nobody is named.

import { nameError, type OnEvent } from '../../runtime/events.ts';
import { MailError } from '../mail/mailer.ts';
import type { Captured } from '../record/decision.ts';

const MAIL_HINT = 'Look at the mail server that `mail` names.';

interface Named {
  readonly id: string;
}

type Held = Named & {
  /** What the record will have of it. */
  readonly decision?: Captured | undefined;
};

export class HoldEvents {
  readonly #onEvent: OnEvent;

  constructor(onEvent: OnEvent) {
    this.#onEvent = onEvent;
  }

  /** @param how whether it waits for its owner, or has ended */
  held({ id, decision }: Held, app: string, login: string, how: 'held' | 'waiting' | 'refused' | 'full'): void {
    if (decision) decision.held = how;
    this.#onEvent({ event: 'login-held', app, login, how, request: id });
  }

  released({ id }: Named, app: string, login: string): void {
    this.#onEvent({ event: 'login-released', app, login, request: id });
  }

  /** @param how why it is over, though its owner has not confirmed it */
  abandoned({ id }: Named, app: string, login: string, how: 'late' | 'refused' | 'left'): void {
    this.#onEvent({ event: 'login-abandoned', app, login, how, request: id });
  }

  logoutFailed(app: string, code: string): void {
    const hint = 'Look at logout in the key hold: the session is worth nothing to its browser, and goes on.';
    this.#onEvent({ event: 'hold-logout-failed', app, code, hint });
  }

  mailFailed(app: string, error: unknown): void {
    const isMail = error instanceof MailError;
    const { code, hint } = isMail ? { code: error.reason, hint: MAIL_HINT } : nameError(error);
    this.#onEvent({ event: 'hold-mail-failed', app, code, hint });
  }
}
