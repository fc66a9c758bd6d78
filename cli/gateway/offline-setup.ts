// What a configuration means, without a gateway that serves it.

import type { TLSSocket } from 'node:tls';
import type { GatewayConfig } from '../../gateway/config/schema.ts';
import { ListReplica } from '../../gateway/lists/list-replica.ts';
import { createSetup, type GatewaySetup, loadModules, retireSetup } from '../../gateway/setup.ts';
import type { OnEvent } from '../../runtime/events.ts';

/** Its lists, which hold the items of the configuration until they are loaded. */
export const listsOf = ({ lists, stateDirectory = '.' }: GatewayConfig): ListReplica =>
  new ListReplica(lists, stateDirectory);

/** @throws ServerError for files that cannot be used */
export async function withSetup<Result>(
  config: GatewayConfig,
  { lists, onEvent }: { readonly lists: ListReplica; readonly onEvent: OnEvent },
  use: (setup: GatewaySetup) => Result | Promise<Result>,
): Promise<Result> {
  const tls = {
    ticketSecret: new Uint8Array(32),
    handshakeTimeoutMs: config.limits.headersTimeoutMs,
    onEvent,
    onSecured: (socket: TLSSocket) => void socket.destroy(),
  };
  const modules = await loadModules(config);
  const setup = createSetup(config, { tls, ...modules, findList: (name) => lists.lookup(name) });
  try {
    return await use(setup);
  } finally {
    await retireSetup(setup, undefined);
  }
}
