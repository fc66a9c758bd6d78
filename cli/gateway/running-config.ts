// The configuration in force, and what became of the file when it was last read.

import type { ConfigStatus } from '../../gateway/admin/admin-server.ts';
import { compareConfigs, withFixed } from '../../gateway/config/compare.ts';
import { GatewayConfigError } from '../../gateway/config/read.ts';
import type { GatewayConfig } from '../../gateway/config/schema.ts';
import { nameError, type OnEvent } from '../../runtime/events.ts';
import { readConfigHere } from './check-files.ts';
import { describeFaults } from './faults.ts';

export class RunningConfig {
  readonly #file: string;
  readonly #onEvent: OnEvent;
  #appliedAt = now();
  #lastReload: ConfigStatus['lastReload'];
  #reloading: Promise<void> = Promise.resolve();
  current: GatewayConfig;

  constructor(file: string, initial: GatewayConfig, onEvent: OnEvent) {
    this.#file = file;
    this.current = initial;
    this.#onEvent = onEvent;
  }

  get status(): ConfigStatus {
    return { file: this.#file, appliedAt: this.#appliedAt, lastReload: this.#lastReload };
  }

  /** Reads the file again, after the reloads before it: the last file wins. */
  reload(apply: (config: GatewayConfig) => Promise<void>): void {
    this.#reloading = this.#reloading.then(() => this.#reload(apply));
  }

  async #reload(apply: (config: GatewayConfig) => Promise<void>): Promise<void> {
    try {
      const given = readConfigHere(this.#file);
      const difference = compareConfigs(this.current, given);
      const next = withFixed(this.current, given);
      await apply(next);
      this.current = next;
      this.#appliedAt = now();
      this.#lastReload = { at: this.#appliedAt };
      this.#onEvent({ event: 'config-reloaded', ...difference });
    } catch (error) {
      const message = messageOf(error, this.#file);
      this.#lastReload = { at: now(), message };
      this.#onEvent({ event: 'config-refused', message, ...nameError(error) });
    }
  }
}

const now = (): string => new Date().toISOString();

/** The first mistake is enough for a line of the log. */
function messageOf(error: unknown, file: string): string {
  if (error instanceof GatewayConfigError && error.faults[0]) {
    const more = error.faults.length - 1;
    const all = `credveil gateway --config FILE --check shows ${more === 1 ? 'it' : 'them'}`;
    const rest = more === 0 ? '' : ` (and ${more} more: ${all})`;
    return `${describeFaults(file, error.faults.slice(0, 1))}${rest}`;
  }
  return error instanceof Error ? error.message : 'the configuration could not be read';
}
