// Checks the files that a configuration names, as a start would, without listening.

import type { GatewayConfig } from '../../gateway/config/schema.ts';
import { ServerError } from '../../runtime/errors.ts';
import type { ServerEvent } from '../../runtime/events.ts';
import { listsOf, withSetup } from './offline-setup.ts';

/** @throws ServerError for files that cannot be used */
export async function checkFiles(config: GatewayConfig): Promise<void> {
  const expired: Extract<ServerEvent, { readonly message: string }>[] = [];
  const onEvent = (event: ServerEvent): void => {
    if (event.event === 'tls-expired') expired.push(event);
  };
  await withSetup(config, { lists: listsOf(config), onEvent }, () => undefined);
  const [first] = expired;
  if (first) throw new ServerError('TLS_CERTIFICATE_EXPIRED', first.message, first.hint);
}
