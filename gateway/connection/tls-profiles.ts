// TLS by host name: each way to secure a connection is a profile, with tickets of its own.
//
// A session of one profile must not be resumed in another: it would bring the client certificate
// that it was made with, or none, into a host that asks for one (nginx: CVE-2025-23419).

import { constants, createHash, hkdfSync, type X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type SecureContextOptions, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import type { OnEvent } from '../../runtime/events.ts';
import { TlsFiles } from '../../runtime/tls.ts';
import type { GatewayConfig, TlsConfig } from '../config/schema.ts';
import { readCertificates } from '../devices/certificate/pem.ts';
import { shownOn } from '../devices/certificate/shown-on.ts';
import { type ClientTrust, peerOf, setPeer } from './peer.ts';

const POLL_MS = 1_000;
const SECRET_BYTES = 32;
/** OpenSSL takes no longer one. */
const CONTEXT_BYTES = 32;
const PROTOCOLS = ['h2', 'http/1.1'];

export interface TlsProfileOptions {
  readonly ticketSecret: Uint8Array;
  readonly handshakeTimeoutMs: number;
  readonly onEvent: OnEvent;
  /** Gets each secured connection. */
  readonly onSecured: (socket: TLSSocket) => void;
}

/** The same for equal settings, in every process. */
export function profileId({ certFile, keyFile, minVersion, clientCertificates }: TlsConfig): string {
  const parts = [certFile, keyFile, minVersion, clientCertificates?.caFile, clientCertificates?.require];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, CONTEXT_BYTES);
}

/** The profile of each application, by its name; the one of `tls` for all without their own. */
export function profilesOf({ tls, apps }: Pick<GatewayConfig, 'tls' | 'apps'>): ReadonlyMap<string, TlsConfig> {
  const profiles = new Map<string, TlsConfig>();
  for (const config of [tls, ...Object.values(apps).map((app) => app.tls)])
    if (config) profiles.set(profileId(config), config);
  return profiles;
}

/** Owns the TLS server of one profile, which never listens: the listener hands it connections. */
export class TlsProfile {
  readonly id: string;
  readonly #files: TlsFiles;
  readonly #server: Server;
  #trust: ClientTrust = { isCurrent: true };
  #cas: readonly X509Certificate[];

  /** @throws ServerError `TLS_FILE_UNREADABLE`, `TLS_FILES_INVALID` */
  constructor(config: TlsConfig, { ticketSecret, handshakeTimeoutMs, onEvent, onSecured }: TlsProfileOptions) {
    this.id = profileId(config);
    const { certFile, keyFile, minVersion, clientCertificates } = config;
    const secret = new Uint8Array(hkdfSync('sha256', ticketSecret, this.id, 'credveil gateway tickets', SECRET_BYTES));
    this.#files = new TlsFiles(
      {
        certFile,
        keyFile,
        ticketSecret: secret,
        ...(clientCertificates && {
          caFile: clientCertificates.caFile,
          requireClientCertificate: clientCertificates.require,
        }),
      },
      POLL_MS,
      onEvent,
    );
    const own: TlsOptions = {
      minVersion,
      ALPNProtocols: PROTOCOLS,
      sessionIdContext: this.id,
      handshakeTimeout: handshakeTimeoutMs,
      // A resumed session shows no certificate, so profiles that ask for one resume none.
      ...(clientCertificates && { secureOptions: constants.SSL_OP_NO_TICKET, sessionTimeout: 1 }),
    };
    this.#server = createServer({ ...this.#files.context, ...own });
    let { ca } = this.#files.context;
    this.#cas = casIn(ca);
    this.#files.onChange((context) => {
      if (!isSame(ca, context.ca)) this.#withdrawTrust();
      ca = context.ca;
      this.#cas = casIn(ca);
      this.#server.setSecureContext({ ...context, ...own });
    });
    this.#server.on('secureConnection', (socket) => this.#secured(socket, onSecured));
    // Nobody can be answered before the handshake is done.
    this.#server.on('tlsClientError', (_, socket) => socket.destroy());
  }

  /** Of a connection whose handshake begins now. */
  get trust(): ClientTrust {
    return this.#trust;
  }

  /** Whose client certificates count. */
  get cas(): readonly X509Certificate[] {
    return this.#cas;
  }

  /** @param socket with its `Peer` set, and the bytes of its ClientHello still to be read */
  accept(socket: Socket): void {
    this.#server.emit('connection', socket);
  }

  reload(): void {
    this.#files.reload();
  }

  close(): void {
    this.#withdrawTrust();
    this.#files.close();
  }

  /** Connections keep the certificate that was judged when they were made. */
  #withdrawTrust(): void {
    this.#trust.isCurrent = false;
    this.#trust = { isCurrent: true };
  }

  #secured(socket: TLSSocket, onSecured: (socket: TLSSocket) => void): void {
    // node:tls keeps the connection that it secures here.
    const { _parent: raw } = socket as TLSSocket & { _parent: Socket };
    const peer = peerOf(raw);
    if (!isNegotiated(socket, peer.serverName)) {
      socket.destroy();
      return;
    }
    setPeer(socket, { ...peer, certificate: shownOn(socket, this.#cas) });
    onSecured(socket);
  }
}

const casIn = (ca: SecureContextOptions['ca']): readonly X509Certificate[] =>
  ca === undefined ? [] : readCertificates(String(ca));

const isSame = (before: SecureContextOptions['ca'], after: SecureContextOptions['ca']): boolean =>
  String(before) === String(after);

/** Whether the name that was judged is what OpenSSL negotiated. */
function isNegotiated(socket: TLSSocket, judged: string | undefined): boolean {
  const name = String(socket.servername || '')
    .toLowerCase()
    .replace(/\.$/, '');
  // A session that TLS 1.2 resumes has no name, and its context binds it to the profile.
  if (name === '' && socket.isSessionReused() && socket.getProtocol() === 'TLSv1.2') return true;
  return name === (judged ?? '');
}
