// Administration of a gateway that serves: the Unix socket, and the page where there is one.

import { AdminError, startAdminServer } from '../../gateway/admin/admin-server.ts';
import { type AdminPage, startAdminPage } from '../../gateway/admin/page-server.ts';
import type { PageActions, TokenEntry } from '../../gateway/admin/page-state.ts';
import { adminSocketOf } from '../../gateway/config/admin-socket.ts';
import type { GatewayConfig } from '../../gateway/config/schema.ts';
import { readTokens, revokeToken, tokenFolder } from '../../gateway/identity/tokens/token-folder.ts';
import type { GatewayService } from '../../gateway/workers/primary.ts';
import { ServerError } from '../../runtime/errors.ts';
import { nameError, type OnEvent } from '../../runtime/events.ts';
import { VERSION } from '../../runtime/version.ts';
import type { RunningConfig } from './running-config.ts';

/** @returns a function that closes it. Without administration the gateway serves all the same. */
export async function startAdmin(
  running: RunningConfig,
  service: GatewayService,
  onEvent: OnEvent,
): Promise<() => Promise<void>> {
  const config = running.current;
  const socketFile = adminSocketOf(config);
  if (socketFile === undefined) return async () => {};
  const group = config.admin === 'off' ? undefined : config.admin?.group;
  let page: AdminPage | undefined;
  const actions = actionsOf(running, service, () => page?.createLink());
  try {
    const closeSocket = await startAdminServer({ socketFile, group }, actions);
    page = await openPage(config, actions).catch((error: unknown) => report(error, onEvent));
    return async () => {
      await Promise.all([closeSocket(), page?.close()]);
    };
  } catch (error) {
    report(error, onEvent);
    return async () => {};
  }
}

function actionsOf(running: RunningConfig, service: GatewayService, pageLink: PageActions['pageLink']): PageActions {
  const startedAt = running.status.appliedAt;
  return {
    status: () => ({
      pid: process.pid,
      version: VERSION,
      startedAt,
      config: running.status,
      urls: service.urls,
      apps: Object.keys(running.current.apps),
      lists: service.lists().stats(),
    }),
    acceptList: (name) => service.lists().accept(name),
    refreshList: (name) => service.lists().refresh(name),
    bans: (after) => service.state().bans(after),
    lift: (request) => service.state().lift(request),
    sessions: (after) => service.state().sessions(after),
    endSessions: (request) => service.state().endSessions(request),
    tokens: () => tokensOf(running.current),
    revokeToken: (id) => revokeToken(folderOf(running.current), id) !== undefined,
    users: () => service.state().users,
    metrics: () => service.metrics(),
    failures: () => service.failures(),
    pageLink,
  };
}

const folderOf = ({ stateDirectory = '.' }: GatewayConfig): string => tokenFolder(stateDirectory);

const tokensOf = (config: GatewayConfig): TokenEntry[] =>
  readTokens(folderOf(config))
    .sort((a, b) => b.createdAt - a.createdAt)
    .map(({ id, name, createdAt, expiresAt = null }) => ({ id, name, createdAt, expiresAt }));

/** Without a host it is for this machine alone. */
async function openPage({ admin }: GatewayConfig, actions: PageActions): Promise<AdminPage | undefined> {
  if (admin === 'off' || admin?.page === undefined) return undefined;
  const { page, pageHosts } = admin;
  const address = page.startsWith(':') ? `127.0.0.1${page}` : page;
  return startAdminPage({ address, hosts: pageHosts.map((host) => host.toLowerCase()) }, actions);
}

function report(error: unknown, onEvent: OnEvent): undefined {
  if (!(error instanceof AdminError) && !(error instanceof ServerError)) throw error;
  onEvent({ event: 'admin-unavailable', message: error.message, ...nameError(error) });
}
