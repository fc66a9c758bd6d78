// What an application is told of who a request is of: plain headers, and `Credveil-Assertion`, a
// signed token that is good for a minute, and for one application.

import { randomUUID } from 'node:crypto';
import { RecentMap } from '../recent-map.ts';
import type { AssertionKeys } from './assertion-keys.ts';
import { type PublicJwk, type SigningKey, signToken } from './es256.ts';
import { assertionNames, type IdentityNames, identityHeaders, type Subject } from './identity-headers.ts';

export interface AssertedRequest {
  /** The origin of the gateway's own pages. */
  readonly issuer: string;
  /** The application, by its name in the configuration. */
  readonly audience: string;
  readonly subject: Subject;
  /** Of its headers, as the configuration in force has them. */
  readonly names: IdentityNames;
  /** Milliseconds since 1970. */
  readonly now: number;
}

interface Kept {
  readonly headers: readonly string[];
  readonly names: IdentityNames;
  readonly issuer: string;
  readonly audience: string;
  readonly madeAt: number;
}

const LIFETIME_S = 60;
/** The clock of an application may be so far behind. */
const SKEW_S = 5;
/** An application gets one with half of its life left at least. */
const RENEW_MS = 30_000;
/** Characters, each a byte. */
const MAX_KEPT = 8 * 2 ** 20;
/** Objects around the text of one. */
const KEPT_OVERHEAD = 512;
/** Applications bound their headers, many at 8 KiB. */
const MAX_GROUPS_BYTES = 3_072;

export class Assertions {
  readonly #keys: AssertionKeys;
  /** By whom they name: one for each application. */
  readonly #kept = new RecentMap<readonly Kept[]>({
    maxWeight: MAX_KEPT,
    maxAgeMs: RENEW_MS,
    weigh: (all) => all.reduce((sum, { headers }) => sum + headers.join('').length + KEPT_OVERHEAD, 0),
  });

  constructor(keys: AssertionKeys) {
    this.#keys = keys;
  }

  /**
   * The headers of a request, names and values in turn; at once but for the first one after a
   * start, or of a period.
   * @throws StateError
   */
  of(request: AssertedRequest): readonly string[] | Promise<readonly string[]> {
    const { subject, now } = request;
    // A hash of a session has no space.
    const who = subject.kind === 'person' ? subject.sessionHash : `token ${subject.token}`;
    const kept = this.#kept.get(who)?.find((each) => isOf(request, each));
    if (kept) return kept.headers;
    const signing = this.#keys.signing(now);
    if (!(signing instanceof Promise)) return this.#make(who, request, signing);
    return signing.then((opened) => this.#make(who, request, opened));
  }

  /** RFC 7517 §5. @throws StateError */
  async keySet(now: number): Promise<{ readonly keys: readonly PublicJwk[] }> {
    return { keys: await this.#keys.published(now) };
  }

  #make(who: string, request: AssertedRequest, signing: SigningKey): readonly string[] {
    const { names, subject, issuer, audience, now } = request;
    const token = signToken(claimsOf(request), signing);
    const headers = [
      ...identityHeaders(names.headers, subject),
      ...assertionNames(names).flatMap((name) => [name, token]),
    ];
    const others = this.#kept.get(who)?.filter((each) => each.audience !== audience && isInTime(each, now)) ?? [];
    this.#kept.set(who, [...others, { headers, names, issuer, audience, madeAt: now }]);
    return headers;
  }
}

const isOf = ({ issuer, audience, names, now }: AssertedRequest, kept: Kept): boolean =>
  kept.names === names && kept.audience === audience && kept.issuer === issuer && isInTime(kept, now);

const isInTime = ({ madeAt }: Kept, now: number): boolean => now >= madeAt && now - madeAt < RENEW_MS;

function claimsOf({ issuer, audience, subject, now }: AssertedRequest): object {
  const iat = Math.floor(now / 1_000) - SKEW_S;
  const common = { iss: issuer, aud: [audience], iat, nbf: iat, exp: iat + LIFETIME_S, jti: randomUUID() };
  // As Cloudflare names a service: it is nobody.
  if (subject.kind === 'service') return { ...common, sub: '', common_name: subject.token };
  const { provider, subject: id, email, groups, amr } = subject.person;
  return {
    ...common,
    // Two providers may call different people alike.
    sub: `${provider}:${id}`,
    ...(email !== undefined && { email }),
    ...groupsOf(groups),
    provider,
    sid: subject.sessionHash,
    amr,
  };
}

const groupsOf = (groups: readonly string[]): object =>
  Buffer.byteLength(JSON.stringify(groups)) <= MAX_GROUPS_BYTES ? { groups } : { groups: [], groups_omitted: true };
