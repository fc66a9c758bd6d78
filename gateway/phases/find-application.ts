// Phase 3: the application by host and longest path, and the target that it gets.

import { sendRedirect } from '../answers/answer.ts';
import { Refusal } from '../answers/kinds.ts';
import { judgePath } from '../applications.ts';
import type { Exchange } from '../exchange.ts';
import type { GatewaySetup } from '../setup.ts';

/**
 * A connection serves the hosts of its TLS profile alone, as long as the profile asks for
 * certificates of the same CAs.
 * @throws Refusal `HOST_UNKNOWN`, `HOST_MISDIRECTED`, `PATH_AMBIGUOUS`
 */
export function findApplication(exchange: Exchange, { applications, devices }: GatewaySetup): void {
  const { head, peer } = exchange;
  if (!head) return;
  const found = applications.find(head);
  const { tlsProfile } = found.application;
  if (peer.trust?.isCurrent === false) {
    exchange.leaveConnection();
    throw new Refusal('HOST_MISDIRECTED', { close: true });
  }
  if (peer.profile !== undefined && tlsProfile !== peer.profile) throw new Refusal('HOST_MISDIRECTED', { close: true });
  exchange.certificate = devices.ofConnection(peer, exchange.now);
  // It has expired or was revoked, or nobody knows.
  if (found.application.needsCertificate && typeof exchange.certificate !== 'object' && peer.profile !== undefined) {
    exchange.leaveConnection();
    throw new Refusal('ACCESS_DENIED', { close: true });
  }
  // A host that wants a certificate has no door without one.
  if (peer.profile === undefined && found.application.needsCertificate)
    throw new Refusal('HOST_MISDIRECTED', { close: true });
  // No name chose the profile of such a connection: it is no way to an application of devices.
  if (
    peer.profile !== undefined &&
    peer.serverName === undefined &&
    found.application.judgesCertificates &&
    !devices.isTold(peer)
  )
    throw new Refusal('HOST_MISDIRECTED', { close: true });
  exchange.found = found;
}

/** @returns the target to forward; undefined after a redirect to a path that reads in one way */
export function judgeTarget({ head, found, response }: Exchange): string | undefined {
  if (!head || !found) return undefined;
  const verdict = judgePath(head, found);
  const query = head.query === undefined ? '' : `?${head.query}`;
  if ('redirect' in verdict) {
    sendRedirect(response, 308, verdict.redirect + query);
    return undefined;
  }
  return verdict.path === head.path ? head.target : verdict.path + query;
}
