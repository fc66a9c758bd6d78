// Sessions of one host offered at another: what a gateway in front of `hostsInFrontOf` must not
// take.

import type { TLSSocket } from 'node:tls';
import { pairOf, type TestCertificate } from '../tls-files.ts';
import { echoOf, seen } from './gateway.ts';
import { askOn, secure } from './tls.ts';

export type Version = 'TLSv1.2' | 'TLSv1.3';

interface Place {
  readonly host: string;
  readonly certificate?: TestCertificate;
}

/** Where a session is made, and where it is offered. */
export interface Resumption {
  readonly from: Place;
  readonly to: Place;
  /** The name in the ClientHello that offers it. Default: that of the host. */
  readonly serverName?: string;
}

const PUBLIC = { host: 'public.example' };
const OPTIONAL = { host: 'optional.example' };
const MANAGED = { host: 'managed.example' };
const CONTRACTORS = { host: 'contractors.example' };

/** None of them may reach a host of client certificates without one, or as a verified client. */
export const FORBIDDEN: readonly Resumption[] = [
  { from: PUBLIC, to: MANAGED },
  { from: OPTIONAL, to: MANAGED },
  { from: { ...OPTIONAL, certificate: 'client' }, to: MANAGED },
  { from: { ...MANAGED, certificate: 'client' }, to: MANAGED },
  { from: { ...MANAGED, certificate: 'client' }, to: { ...MANAGED, certificate: 'stranger' } },
  { from: { ...CONTRACTORS, certificate: 'stranger' }, to: MANAGED },
  { from: { ...CONTRACTORS, certificate: 'stranger' }, to: { ...MANAGED, certificate: 'stranger' } },
  { from: { ...CONTRACTORS, certificate: 'stranger' }, to: { ...OPTIONAL, certificate: 'stranger' } },
  { from: { ...MANAGED, certificate: 'client' }, to: { ...CONTRACTORS, certificate: 'client' } },
  { from: { ...MANAGED, certificate: 'client' }, to: OPTIONAL },
  { from: { ...OPTIONAL, certificate: 'client' }, to: OPTIONAL },
  { from: PUBLIC, to: MANAGED, serverName: 'public.example' },
];

export const titleOf = ({ from, to, serverName }: Resumption): string => {
  const place = ({ host, certificate }: Place) => `${host}${certificate ? ` with ${certificate}` : ''}`;
  return `${place(from)} → ${place(to)}${serverName ? ` as ${serverName}` : ''}`;
};

export interface Resumed {
  /** Of the answer; undefined for a connection that ended without one. */
  readonly status: number | undefined;
  readonly isReused: boolean;
  /** What the application was told: `yes` for a verified certificate. */
  readonly verified: readonly string[];
}

/** @throws Error if the gateway gives out no session where it resumes some */
export async function resume(port: number, version: Version, resumption: Resumption): Promise<Resumed> {
  const { from, to, serverName = to.host } = resumption;
  const session = await sessionAt(port, version, from);
  return offer(port, version, { ...to, serverName }, session);
}

const optionsOf = (port: number, version: Version, { certificate }: Place) => ({
  port,
  minVersion: version,
  maxVersion: version,
  ...(certificate && pairOf(certificate)),
});

/** The last session of a connection that had an answer; undefined if it had none. */
async function sessionAt(port: number, version: Version, place: Place): Promise<Buffer | undefined> {
  const socket = await secure({ ...optionsOf(port, version, place), servername: place.host });
  let session: Buffer | undefined = version === 'TLSv1.2' ? socket.getSession() : undefined;
  socket.on('session', (made: Buffer) => {
    session = made;
  });
  const answer = await askOn(socket, place.host);
  if (answer?.status !== 200) throw new Error(`${place.host} answered ${answer?.status}`);
  return session;
}

async function offer(
  port: number,
  version: Version,
  place: Place & { readonly serverName: string },
  session: Buffer | undefined,
): Promise<Resumed> {
  let socket: TLSSocket;
  try {
    socket = await secure({
      ...optionsOf(port, version, place),
      servername: place.serverName,
      ...(session && { session }),
    });
  } catch {
    return { status: undefined, isReused: false, verified: [] };
  }
  const isReused = socket.isSessionReused();
  const answer = await askOn(socket, place.host);
  const verified = answer?.status === 200 ? seen(echoOf(answer), 'x-verified') : [];
  return { status: answer?.status, isReused, verified };
}

/** What a forbidden one ends with: nothing, or what a client without session gets. */
export const statusOf = ({ to, serverName }: Resumption): number | undefined =>
  serverName !== undefined ? 421 : to.host === OPTIONAL.host ? 200 : undefined;

/** A public host and its own sessions, which clients expect it to resume. */
export const ALLOWED: Resumption = { from: PUBLIC, to: PUBLIC };
