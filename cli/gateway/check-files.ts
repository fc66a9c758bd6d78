// Checks the files that a configuration names, as a start would, without listening.

import type { TLSSocket } from 'node:tls';
import type { GatewayConfig } from '../../gateway/config/schema.ts';
import { ListReplica } from '../../gateway/lists/list-replica.ts';
import { createState, retireState } from '../../gateway/state.ts';
import { ServerError } from '../../runtime/errors.ts';
import type { ServerEvent } from '../../runtime/events.ts';

/** @throws ServerError for files that cannot be used */
export async function checkFiles(config: GatewayConfig): Promise<void> {
  const lists = new ListReplica(config.lists, config.stateDirectory ?? '.');
  const expired: Extract<ServerEvent, { readonly message: string }>[] = [];
  const tls = {
    ticketSecret: new Uint8Array(32),
    handshakeTimeoutMs: config.limits.headersTimeoutMs,
    onEvent: (event: ServerEvent) => {
      if (event.event === 'tls-expired') expired.push(event);
    },
    onSecured: (socket: TLSSocket) => void socket.destroy(),
  };
  const state = createState(config, { tls, findList: (name) => lists.lookup(name) });
  await retireState(state, undefined);
  const [first] = expired;
  if (first) throw new ServerError('TLS_CERTIFICATE_EXPIRED', first.message, first.hint);
}
