// What the phases of every request share.

import type { CheckBudget } from './checks/check-budget.ts';
import type { BufferBudget } from './connection/buffer-budget.ts';
import type { Browsers } from './handle/browsers.ts';
import type { People } from './identity/setup/people.ts';
import type { Limits } from './limits/limits.ts';
import type { Lists } from './lists/lists.ts';
import type { KnownCredentials } from './login/known-credentials.ts';
import type { Observe } from './observe/observe.ts';
import type { Reports } from './outcome/reports.ts';
import type { ScanCosts } from './phases/check/scan-costs.ts';
import type { Recorder } from './record/recorder.ts';
import type { BodyRates } from './request/body-rate.ts';
import type { GatewaySetup } from './setup.ts';

export interface PipelineParts {
  /** The configuration in force: each request takes one look. */
  readonly setup: () => GatewaySetup;
  readonly budget: BufferBudget;
  readonly bodyRates: BodyRates;
  readonly observe: Observe;
  readonly recorder: Recorder;
  readonly known: KnownCredentials;
  readonly checkBudget: CheckBudget;
  readonly scanCosts: ScanCosts;
  /** Undefined without a state. */
  readonly browsers: Browsers | undefined;
  /** Undefined without a state. */
  readonly reports: Reports | undefined;
  /** Undefined without a state. */
  readonly limits: Limits | undefined;
  /** Undefined without a state. */
  readonly people: People | undefined;
  readonly lists: () => Pick<Lists, 'observe'>;
}
