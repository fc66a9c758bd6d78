// What a provider of identities does: it is asked who somebody is, by way of their browser.

import type { Person } from '../person.ts';

/** Why a sign-in came to nothing. No text of it repeats what somebody sent. */
export type SignInFault =
  /** The provider does not answer, or answers that it cannot now. */
  | 'away'
  /** It says no: the person gave up, or may not sign in for this gateway. */
  | 'refused'
  /** What it or the browser says is not what was asked, was changed, or is of another. */
  | 'invalid';

export class SignInError extends Error {
  override name = 'SignInError';
  readonly fault: SignInFault;
  /** For the operator: which rule was broken. */
  readonly reason: string;

  constructor(fault: SignInFault, reason: string, options: ErrorOptions = {}) {
    super(`${fault}: ${reason}`, options);
    this.fault = fault;
    this.reason = reason;
  }
}

/** What ties the way to the provider and the way back together. Nobody else knows them. */
export interface SignInSecrets {
  readonly state: string;
  readonly nonce: string;
  /** RFC 7636. */
  readonly verifier: string;
}

export interface SignedIn {
  readonly person: Person;
  /** The provider's name of its own session: OpenID Connect Back-Channel Logout §2.1, `sid`. */
  readonly providerSession: string | undefined;
  /** What the provider recognizes that session by when it is to end it; undefined if unknown. */
  readonly signOutHint: string | undefined;
  /** When they authenticated there: milliseconds since 1970. 0 where it does not say. */
  readonly authenticatedAt: number;
}

/** How long ago a provider may have asked somebody who they are. */
export interface MaxAge {
  readonly ms: number;
  /** Without the time, a sign-in is none: OpenID Connect Core §3.1.2.1, `max_age`. */
  readonly isRequired: boolean;
}

/** Somebody whose session has ended here. */
export type SignedInBefore = Pick<SignedIn, 'person'> & Partial<SignedIn>;

/** Whose sessions end, at least one of them. */
export interface LogoutNotice {
  readonly subject: string | undefined;
  readonly providerSession: string | undefined;
  /** No notice comes twice. */
  readonly id: string;
  /** Until when it is good: milliseconds since 1970. */
  readonly untilMs: number;
}

interface Named {
  readonly name: string;
  /** What its people have as theirs: `sourceOf` its configuration. */
  readonly source: string;
  /** As people read it. */
  readonly label: string;
  /** What it was made from: equal ones need not be made anew. */
  readonly digest: string;
}

export type Provider = RedirectProvider | PinProvider;

/** One that browsers are sent to. Every function throws SignInError. */
export interface RedirectProvider extends Named {
  readonly kind: 'redirect';
  /** @returns where the browser goes */
  begin(redirectUri: string, secrets: SignInSecrets, maxAge?: MaxAge): Promise<URL>;
  /** @param callback the URL at which the browser came back */
  finish(callback: URL, secrets: SignInSecrets, maxAge?: MaxAge): Promise<SignedIn>;
  /** Where a browser ends its session at the provider; undefined where there is no such place. */
  signOutUrl(of: SignedInBefore, after: string): Promise<URL | undefined>;
  /** Undefined where the provider has no such notices. */
  readLogout: ((token: string) => Promise<LogoutNotice>) | undefined;
}

export interface Mailer {
  /** @throws SignInError */
  mail(email: string, subject: string, text: string): Promise<void>;
}

/** Codes that are mailed. */
export interface PinProvider extends Named, Mailer {
  readonly kind: 'pin';
  /** @param email in lower case */
  accepts(email: string): boolean;
  /** @param site where the person wants to sign in @throws SignInError */
  send(email: string, code: string, site: string): Promise<void>;
  personOf(email: string): Person;
}
