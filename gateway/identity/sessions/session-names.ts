// How the state calls people, and what is theirs: nobody can guess or read it there.

import { createHmac, type KeyObject } from 'node:crypto';
import type { UserId } from '../../factors/factor.ts';
import type { Person } from '../person.ts';

export type Subject = Pick<Person, 'provider' | 'source' | 'subject'>;

export class SessionNames {
  readonly #key: KeyObject;

  /** @param key derived for sessions alone */
  constructor(key: KeyObject) {
    this.#key = key;
  }

  of(...parts: readonly string[]): string {
    return createHmac('sha256', this.#key).update(JSON.stringify(parts)).digest('base64url');
  }

  person({ provider, source, subject }: Subject): string {
    return this.of('person', provider, source, subject);
  }

  /** Whatever provider says who they are. */
  user(user: UserId): string {
    return this.of('user', user);
  }

  /** The session at the provider, or all of a person where nobody knows it. */
  link({ provider, source, subject }: Subject, providerSession: string | undefined): string {
    return providerSession === undefined
      ? this.of('no session', provider, source, subject)
      : this.of('session', provider, source, providerSession);
  }

  /** The owner of what a person opened in a session of theirs. */
  openedIn(personId: string): string {
    return this.of('opened', personId);
  }

  factor(factor: string): string {
    return this.of('factor', factor);
  }

  /** The owner of what somebody is asked for. */
  challenges(user: UserId): string {
    return this.of('challenges', user);
  }
}
