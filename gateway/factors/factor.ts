// Factors that people have beside what a provider of identities says of them, and whose they are.

import { EMAIL } from '../identity/email.ts';
import type { Person } from '../identity/person.ts';

/** In lower case, an e-mail that a provider verified; of people without one, `PROVIDER:SUBJECT`. */
export type UserId = string;

/** No e-mail of a person has a colon (`plainEmail`), so that the two kinds never meet. */
export const userIdOf = ({ provider, subject, email }: Pick<Person, 'provider' | 'subject' | 'email'>): UserId =>
  email ?? `${provider}:${subject}`;

/** Where they read mail; undefined for people without an e-mail. */
export const emailOf = (user: UserId): string | undefined => (EMAIL.test(user) ? user : undefined);

/** What may be enrolled. */
export const ENROLLED_METHODS = ['security_key', 'biometrics', 'totp'] as const;
export type EnrolledMethod = (typeof ENROLLED_METHODS)[number];
export type FactorMethod = EnrolledMethod | 'recovery';

export interface Factor {
  readonly id: string;
  readonly method: EnrolledMethod;
  /** As its owner calls it. */
  readonly name: string;
  /** Milliseconds since 1970, as all others. */
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
  /** Before, it satisfies no requirement that TOTP would not. */
  readonly trustedFrom: number;
  /** The model of an authenticator: WebAuthn Level 3 §6.5.1. */
  readonly aaguid?: string;
}

/** Whether one of them counts by now as more than TOTP does. */
export const haveTrusted = (factors: readonly Pick<Factor, 'trustedFrom'>[]): boolean =>
  factors.some(({ trustedFrom }) => trustedFrom <= Date.now());

/** What a person has shown in a session. */
export interface GivenFactor {
  readonly method: FactorMethod;
  /** Its id; of a recovery code, which is none any more, what its use left behind. */
  readonly factor: string;
  readonly at: number;
  readonly trustedFrom: number;
}

/** A public key of WebAuthn, as its owner's authenticator made it. */
export interface KeyCredential {
  /** Base64url. */
  readonly id: string;
  /** COSE_Key, base64url. */
  readonly publicKey: string;
  readonly counter: number;
  readonly transports: readonly string[];
  readonly aaguid: string;
}

/** What a worker needs to know of somebody. No secret is in it. */
export interface UserFactors {
  readonly factors: readonly (Factor & { readonly key?: KeyCredential })[];
  readonly recoveryLeft: number;
  /** What recovery codes left behind that were used a moment ago. Each opens one enrolment. */
  readonly recovered: readonly string[];
  /** Of the person, for authenticators: 32 bytes that say nothing of them, base64url. */
  readonly handle: string;
  /** Who may enrol a first factor. Undefined once there was one. */
  readonly firstBy: { readonly window: boolean; readonly mail: boolean } | undefined;
  /** A code of an administrator waits. */
  readonly hasCode: boolean;
}
