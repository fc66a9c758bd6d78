// What policies are asked about: one request, on one of the paths that the application may read.

import type { Address } from '../../addresses/address.ts';
import type { CertificateFact } from '../../devices/devices.ts';
import type { EnrolledMethod } from '../../factors/factor.ts';
import type { Person } from '../person.ts';

export interface AccessFacts {
  /** `unknown` asks what a person could get who signed in. */
  readonly person: Person | 'unknown' | undefined;
  /** How long ago they signed in; undefined where that is asked of nobody. */
  readonly signedInMs?: number | undefined;
  /** The longest pause between their requests since then. Default: none. */
  readonly idledMs?: number | undefined;
  /** The name of the service token that the request has; undefined without a valid one. */
  readonly serviceToken: string | undefined;
  /** Undefined where the connection has none. */
  readonly address: Address | undefined;
  /** That the client has shown, and that counts now. */
  readonly certificate: CertificateFact;
  /** Of the address, in two capitals; undefined where nobody knows. */
  readonly country: string | undefined;
  /** The number of the autonomous system of the address; undefined where nobody knows. */
  readonly asn: number | undefined;
  /** What the person has shown beside. `unknown` asks what somebody could get who shows more. */
  readonly factors?: ReadonlySet<EnrolledMethod> | 'unknown';
}
