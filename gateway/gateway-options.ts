// What a gateway of one process is started with.

import type { OnEvent } from '../runtime/events.ts';
import type { GatewayConfig } from './config/schema.ts';
import type { ProcessState } from './limits/process-state.ts';
import type { Lists } from './lists/lists.ts';
import type { SetupModules } from './setup.ts';

export interface GatewayOptions {
  readonly config: GatewayConfig;
  /** Default: no lists, for a configuration that has none. */
  readonly lists?: ProcessLists;
  /** Default: nothing outlives a request, and logins have no limits and no verdict that waits. */
  readonly state?: ProcessState | undefined;
  /** Default: those that the configuration needs. */
  readonly modules?: SetupModules | undefined;
  /** Lets further processes listen on the same ports. */
  readonly reusePort?: boolean;
  /** The share of the limits of connections that this process has, of 1. */
  readonly share?: number;
  /** Equal in all processes of a gateway. Default: random. */
  readonly ticketSecret?: Uint8Array;
  readonly onEvent?: OnEvent;
  /** Takes lines of the record. Default: it is not kept. */
  readonly onDecisions?: (lines: readonly string[]) => void;
}

/** The lists of one process. */
export type ProcessLists = Pick<Lists, 'lookup' | 'observe'>;
