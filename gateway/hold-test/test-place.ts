// What the steps of a test of holding back share.

import type { Holds } from '../quarantine/holds.ts';
import type { TestAccount } from './test-account.ts';
import type { SendTest } from './test-client.ts';

/** What a step has shown; a step that did not pass says why. */
export interface TestStep {
  readonly step: string;
  readonly fault?: string;
}

export interface TestPlace {
  readonly account: TestAccount;
  readonly origin: SendTest;
  /** The application, asked as `whoami` asks it. */
  readonly asked: SendTest;
  /** The same, by no client. */
  readonly askedByNobody: SendTest;
  readonly gateway: SendTest;
  /** Names of cookies of sessions, as patterns. */
  readonly sessions: readonly string[];
  readonly holds: Holds;
  readonly app: string;
  /** At which the account logs in. */
  readonly host: string;
  readonly isSecure: boolean;
}
