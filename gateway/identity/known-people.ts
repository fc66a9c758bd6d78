// Whom the providers of the configuration still speak for. A provider may be another one by the
// same name since somebody signed in: then its people are others, whatever it calls them.

import { hash } from 'node:crypto';
import type { IdentityConfig } from './identity-schema.ts';
import type { Person } from './person.ts';

const LENGTH = 22;

/**
 * Names whoever says who people are, and how that is read: the issuer, the client, and where their
 * names, addresses and groups come from. Secrets, labels and scopes may change meanwhile.
 */
export function sourceOf(config: IdentityConfig[string]): string {
  return hash('sha256', JSON.stringify(partsOf(config)), 'base64url').slice(0, LENGTH);
}

function partsOf(config: IdentityConfig[string]): readonly unknown[] {
  if ('pin' in config) return ['pin'];
  const { clientId } = config;
  if ('oidc' in config) return ['oidc', config.oidc, clientId, config.groups, config.emailVerified];
  const { authorize, token, user, subject, email, emailVerified, emails, groups } = config.oauth;
  return ['oauth', clientId, authorize, token, user, subject, email, emailVerified, emails, groups];
}

export type KnowsPerson = (person: Pick<Person, 'provider' | 'source' | 'subject'>) => boolean;

export function createKnowsPerson(identity: IdentityConfig): KnowsPerson {
  const sources = new Map(Object.entries(identity).map(([name, config]) => [name, sourceOf(config)]));
  const mailed = new Map(
    Object.entries(identity).flatMap(([name, config]) => ('pin' in config ? [[name, takes(config.pin.to)]] : [])),
  );
  return ({ provider, source, subject }) =>
    sources.get(provider) === source && mailed.get(provider)?.(subject) !== false;
}

/** Which addresses get codes. @param to addresses, and `@` with a domain */
export function takes(to: readonly string[]): (email: string) => boolean {
  const all = new Set(to);
  return (email) => {
    const [local = '', domain = ''] = email.split('@');
    // `bob+2` is Bob again: a policy that blocks him knows his address alone.
    return all.has(email) || (!local.includes('+') && all.has(`@${domain}`));
  };
}
