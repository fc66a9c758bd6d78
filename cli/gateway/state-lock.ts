// One gateway for a stateDirectory: two would overwrite each other's lists and observations.

import fs from 'node:fs';
import path from 'node:path';
import type { GatewayConfig } from '../../gateway/config/schema.ts';
import { StateError } from '../../gateway/state/state.ts';
import { StoreError } from '../../store/errors.ts';
import { takeLock } from '../../store/lock.ts';

/**
 * Taken with the first configuration that keeps something there, and held until the process ends.
 */
export class StateLock {
  #release: (() => void) | undefined;

  /** @throws StateError `STATE_BUSY` if another gateway has it */
  take(config: GatewayConfig): void {
    const { stateDirectory } = config;
    if (this.#release || stateDirectory === undefined || !keepsState(config)) return;
    try {
      fs.mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
      this.#release = takeLock(path.join(stateDirectory, 'lock.sqlite'), 0, (cause) => {
        throw new StateError(
          'STATE_BUSY',
          `the stateDirectory ${stateDirectory} belongs to another gateway that runs`,
          'Stop the other gateway, or give this one a stateDirectory of its own.',
          { cause },
        );
      });
    } catch (error) {
      // Who cannot write there overwrites nothing, and whatever is kept there says so itself.
      if (error instanceof StateError || !isUnwritable(error)) throw error;
    }
  }

  release(): void {
    this.#release?.();
  }
}

const keepsState = ({ lists, leaks, notify }: GatewayConfig): boolean =>
  leaks !== undefined ||
  notify.length > 0 ||
  Object.values(lists).some(({ file, url, command, observed }) => file ?? url ?? command ?? observed);

const isUnwritable = (error: unknown): boolean =>
  (error instanceof StoreError && error.code === 'FILE_UNWRITABLE') ||
  /^E[A-Z]+$/.test((error as NodeJS.ErrnoException).code ?? '');
