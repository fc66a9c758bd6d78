// What became of logins that were held back, as events. Nobody is named.

import { nameError, type OnEvent } from '../../runtime/events.ts';

interface Named {
  readonly id: string;
}

export class HoldEvents {
  readonly #onEvent: OnEvent;

  constructor(onEvent: OnEvent) {
    this.#onEvent = onEvent;
  }

  /** @param how whether it waits for its owner, or has ended */
  held({ id }: Named, app: string, login: string, how: 'held' | 'refused' | 'full'): void {
    this.#onEvent({ event: 'login-held', app, login, how, request: id });
  }

  released({ id }: Named, app: string, login: string): void {
    this.#onEvent({ event: 'login-released', app, login, request: id });
  }

  mailFailed(app: string, error: unknown): void {
    const { code, hint } = nameError(error);
    this.#onEvent({ event: 'hold-mail-failed', app, code, hint });
  }
}
