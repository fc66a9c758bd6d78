// Checks the files that a configuration names, as a start would, without listening.

import type { GatewayConfig } from '../../gateway/config/schema.ts';
import { createState, retireState } from '../../gateway/state.ts';

/** @throws ServerError for files that cannot be used */
export async function checkFiles(config: GatewayConfig): Promise<void> {
  const state = createState(config, {
    ticketSecret: new Uint8Array(32),
    handshakeTimeoutMs: config.limits.headersTimeoutMs,
    onEvent: () => undefined,
    onSecured: (socket) => socket.destroy(),
  });
  await retireState(state, undefined);
}
