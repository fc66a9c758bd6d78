// A person, as an identity provider described them when they signed in.

export interface Person {
  /** The name of the provider in the configuration. */
  readonly provider: string;
  /** Whom the configuration had by that name: another one names other people. */
  readonly source: string;
  /** The provider's own name for the person: OpenID Connect Core §2, `sub`. Never reassigned. */
  readonly subject: string;
  /** In lower case. Undefined unless the provider verified it. */
  readonly email: string | undefined;
  readonly groups: readonly string[];
  /** What else the provider asserted, by the names of its claims. Empty: it cannot be read. */
  readonly claims: ReadonlyMap<string, readonly string[]>;
  /** How the person authenticated there: RFC 8176. */
  readonly amr: readonly string[];
}

/** What people read as their own name. */
export const nameOf = ({ email, subject }: Pick<Person, 'email' | 'subject'>): string => email ?? subject;
