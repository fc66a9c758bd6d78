// The keys of the gateway's configuration: types, defaults and bounds.
//
// No message repeats a value, since a value may be a secret.

import { z } from 'zod';
import { LOG_LEVELS } from '../../runtime/observe/log.ts';
import { parseNetwork } from '../addresses/network.ts';
import { LEAKS_SCHEMA } from '../checks/leaks-schema.ts';
import { text, wholeNumber } from '../config-values.ts';
import { DEVICES_SCHEMA } from '../devices/device-schema.ts';
import { FACTORS_SCHEMA } from '../factors/factor-schema.ts';
import { FORWARD_AUTH_KINDS } from '../forward-auth/original-request.ts';
import { GEO_SCHEMA } from '../geo/geo-schema.ts';
import { ACCESS_SCHEMA } from '../identity/access/access-schema.ts';
import { IDENTITY_SCHEMA, SESSIONS_SCHEMA } from '../identity/identity-schema.ts';
import { LOGIN_LIMITS_SCHEMA } from '../limits/limit-schema.ts';
import { LISTS_SCHEMA } from '../lists/list-schema.ts';
import { LOGIN_SCHEMA } from '../login/login-config.ts';
import { MAIL_SCHEMA } from '../mail/mail-schema.ts';
import { RULES_SCHEMA } from '../phases/rules/rule-config.ts';
import { RECORD_SCHEMA } from '../record/record-schema.ts';
import { isIdentityName } from '../request/identity-names.ts';
import { lettersOf, mayBeKept } from '../request/reserved-names.ts';

const PORT = '(?:\\d{1,4}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])';
const LISTEN = new RegExp(`^(?:\\[[0-9a-fA-F:.]+\\]|[^[\\]:\\s]*):${PORT}$`);
const AUTHORITY = new RegExp(`^(?!.*\\.\\.)[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?(?::${PORT})?$`);
const AUTH = 'must be a host name in lower case, and a port if browsers use another than the usual one';
/** A host, `*.` and a host, or `*`, and the path below which the application lies. */
export const APP_NAME =
  /^(?:\*|(?:\*\.)?[a-z0-9_][a-z0-9_.-]{0,251}|\[[0-9a-f:.]+\])(?:\/[A-Za-z0-9_.~!$&'()+,=:@-]+)*\/?$/;
const MAX_APPS = 10_000;

const file = text('must be a path');
const listenAddress = z
  .string({ error: 'must be HOST:PORT' })
  .regex(LISTEN, { error: 'must be HOST:PORT, [IPv6]:PORT or :PORT, with a port from 0 to 65535' });
const network = z
  .string({ error: 'must be an address or network' })
  .refine((value) => parseNetwork(value) !== undefined, {
    error: 'must be an address or network in CIDR notation, such as 192.0.2.0/24',
  });
const milliseconds = wholeNumber(1, 2 ** 31 - 1);

const listener = z.union(
  [
    listenAddress.transform((address) => ({ address, protocol: undefined })),
    z.strictObject({
      address: listenAddress,
      /** Default: https where there is a certificate. `redirect` sends everybody to HTTPS. */
      protocol: z.enum(['http', 'https', 'redirect'], { error: 'must be http, https or redirect' }).optional(),
    }),
  ],
  { error: 'must be HOST:PORT, or an object with address and protocol' },
);

const clientCertificates = z.strictObject({
  /** PEM: the CAs of client certificates. */
  caFile: file,
  /** Refuses connections without one. */
  require: z.boolean({ error: 'must be true or false' }).default(true),
});

const tls = z.strictObject({
  certFile: file,
  keyFile: file,
  minVersion: z.enum(['TLSv1.2', 'TLSv1.3'], { error: 'must be TLSv1.2 or TLSv1.3' }).default('TLSv1.2'),
  clientCertificates: clientCertificates.optional(),
});

const originUrl = z
  .string({ error: 'must be a URL' })
  .refine(isOriginUrl, { error: 'must be http:// or https:// with a host, and without path, query and user name' });

/** Paths are forwarded as they came, so that a path in the URL would have no meaning. */
function isOriginUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, pathname, search, hash, username, password } = new URL(value);
  const isBare = pathname === '/' && search === '' && hash === '' && username === '' && password === '';
  return isBare && (protocol === 'http:' || protocol === 'https:');
}

const upstream = z.strictObject({
  caFile: file.optional(),
  certFile: file.optional(),
  keyFile: file.optional(),
  /** The name that the origin's certificate has to have. */
  serverName: text('must be a host name').optional(),
  /** What Host says to the application: what the client wrote, or the host of `to`. */
  host: z.enum(['client', 'origin'], { error: 'must be client or origin' }).default('client'),
  maxConnections: wholeNumber(1, 65_536).default(256),
  /** Requests that wait for one of them, for connectTimeoutMs at most. */
  maxWaiting: wholeNumber(0, 65_536).default(1_024),
  connectTimeoutMs: milliseconds.default(5_000),
  responseTimeoutMs: milliseconds.default(120_000),
  idleTimeoutMs: milliseconds.default(3_600_000),
});

/** `Authorization` is taken in part, and only with `access.headers`: request/set-names.ts. */
const keptName = text('must be a header name').refine(
  (name) => isIdentityName(lettersOf(name)) || mayBeKept(lettersOf(name)) || /^authorization$/i.test(name),
  {
    error: 'must be the name of a reserved header that the gateway does not send itself',
  },
);

const appKeys = z.strictObject({
  /** Needed wherever the gateway listens for clients. */
  to: originUrl.optional(),
  upstream: upstream.prefault({}),
  /** Replaces the top-level `tls` for this application's host. */
  tls: tls.optional(),
  /**
   * What becomes of a path that servers read in different ways. Default: `refuse` where policies
   * decide who may reach it, `as-is` elsewhere.
   */
  path: z.enum(['as-is', 'refuse', 'normalize'], { error: 'must be as-is, refuse or normalize' }).optional(),
  /** How the application's server reads paths. */
  origin: z.enum(['unix', 'windows'], { error: 'must be unix or windows' }).default('unix'),
  /** Reserved header names that clients may send to this application all the same. */
  keep: z.array(keptName).default([]),
  /**
   * Allows an application of another policy on the same host: scripts of each are those of both.
   */
  sameOriginTrust: z.boolean({ error: 'must be true or false' }).default(false),
  /** Who may reach it at all. Default: everybody. */
  access: ACCESS_SCHEMA.optional(),
  rules: RULES_SCHEMA,
  /** Where the application takes credentials. */
  login: LOGIN_SCHEMA.optional(),
  /** How many failed logins there may be. */
  loginLimits: LOGIN_LIMITS_SCHEMA,
});

const app = appKeys.transform((value) => ({
  ...value,
  path: value.path ?? (value.access ? ('refuse' as const) : ('as-is' as const)),
}));

const forwardAuth = z.strictObject({
  listen: listenAddress,
  /** How the proxy asks. */
  proxy: z.enum(FORWARD_AUTH_KINDS, { error: `must be one of ${FORWARD_AUTH_KINDS.join(', ')}` }),
  /** Proxies that may ask; connections of others are closed. */
  from: z.array(network, { error: 'must be a list of networks' }).default(['127.0.0.0/8', '::1']),
});

const admin = z.strictObject({
  socketFile: file.optional(),
  /** The id of a group that may use it too. */
  group: wholeNumber(0, 2 ** 32 - 2).optional(),
  /** Where browsers reach the admin page. */
  page: listenAddress.optional(),
  /** Further hosts, with their port, under which browsers reach it. */
  pageHosts: z.array(text('must be HOST or HOST:PORT'), { error: 'must be a list of hosts' }).max(16).default([]),
});

const limits = z.strictObject({
  maxConnections: wholeNumber(1, 2 ** 31 - 1).default(16_384),
  maxConnectionsPerAddress: wholeNumber(1, 2 ** 31 - 1).default(1_024),
  maxHeaderBytes: wholeNumber(1_024, 2 ** 20).default(32_768),
  maxTargetBytes: wholeNumber(256, 2 ** 20).default(16_384),
  headersTimeoutMs: milliseconds.default(20_000),
  keepAliveTimeoutMs: milliseconds.default(65_000),
  /** Who has ended its side after a request, and gets nothing for so long, is taken for gone. */
  halfClosedTimeoutMs: milliseconds.default(10_000),
  /** A body that comes slower over `bodyRateMs` is cut off. */
  minBodyBytesPerSecond: wholeNumber(0, 2 ** 30).default(256),
  bodyRateMs: milliseconds.default(30_000),
  /** A client that takes nothing of a response for so long is cut off. */
  stalledTimeoutMs: milliseconds.default(120_000),
  /**
   * What the gateway holds for slow clients and slow applications, over all connections of a
   * worker.
   */
  maxBufferedBytes: wholeNumber(2 ** 20, 2 ** 40).default(2 ** 28),
});

const apps = z
  .record(
    z.string().regex(APP_NAME, {
      error:
        'must be a host, *.host or *, in lower case (an international one as xn--…), without scheme and port, and a path below it if any',
    }),
    app,
    { error: 'must be an object of applications by host' },
  )
  .refine((value) => Object.keys(value).length > 0, { error: 'must have an application' })
  .refine((value) => Object.keys(value).length <= MAX_APPS, { error: `may have ${MAX_APPS} applications` });

export const CONFIG = z.strictObject({
  listen: z
    .union([z.array(listener).min(1, { error: 'must have an address' }), listener.transform((one) => [one])], {
      error: 'must be HOST:PORT, or a list of them',
    })
    .refine((value) => value.length <= 64, { error: 'may have 64 addresses' })
    .default([]),
  /** For proxies that ask about each request, and forward it themselves. */
  forwardAuth: forwardAuth.optional(),
  apps,
  /** The host of the gateway's own pages. No application may have it. */
  auth: z.string({ error: AUTH }).regex(AUTHORITY, { error: AUTH }).optional(),
  /** Who says who somebody is: providers by name. */
  identity: IDENTITY_SCHEMA,
  /** How long that holds. */
  sessions: SESSIONS_SCHEMA,
  /** What people show beside what a provider says of them. */
  factors: FACTORS_SCHEMA,
  /** Who sends mails of the gateway. Default: it sends none. */
  mail: MAIL_SCHEMA.optional(),
  tls: tls.optional(),
  /** What is known of managed devices, and of where addresses are: for policies. */
  devices: DEVICES_SCHEMA.prefault({}),
  geo: GEO_SCHEMA.optional(),
  /** Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed. Nobody's by default. */
  trustedProxies: z.array(network, { error: 'must be a list of networks' }).default([]),
  /** Peers that begin each connection with a header of the PROXY protocol, version 2. */
  proxyProtocol: z.array(network, { error: 'must be a list of networks' }).default([]),
  /** Lists that rules name, as in `ip.src in $office`. */
  lists: LISTS_SCHEMA.default({}),
  /** Rules of every application, before its own. */
  rules: RULES_SCHEMA,
  /** The service that knows which credentials leaked. */
  leaks: LEAKS_SCHEMA.optional(),
  /** Sinks of events for other systems, each a file. */
  notify: z.array(file, { error: 'must be a list of files' }).max(16, { error: 'may have 16 files' }).default([]),
  /** Applications with this token may report what became of a login. */
  outcome: z.strictObject({ tokenFile: file }).optional(),
  /** The id of a group that may also read files of secrets. */
  keyFileGroup: wholeNumber(0, 2 ** 32 - 2).optional(),
  /** For what outlives a restart: copies of lists, and observations. Default: beside the file. */
  stateDirectory: text('must be a path').optional(),
  /** Counts, bans, and what is known of browsers. Default: state.sqlite in stateDirectory. */
  state: z.strictObject({ sqliteFile: file }).optional(),
  /** A Unix socket for `credveil gateway status` and `lists`. Default: in stateDirectory. */
  admin: z
    .union([z.literal('off'), admin], { error: 'must be off, or an object with socketFile and group' })
    .optional(),
  limits: limits.prefault({}),
  /** Worker processes; 0 serves from the first process. */
  workers: z
    .union([z.literal('auto'), wholeNumber(0, 256)], { error: 'must be auto, or a whole number from 0 to 256' })
    .default('auto'),
  metrics: z.union([z.literal('off'), listenAddress], { error: 'must be off or HOST:PORT' }).default('off'),
  logLevel: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` }).default('info'),
  /** Events of logins have the address of the client. */
  logAddresses: z.boolean({ error: 'must be true or false' }).default(false),
  /** What was decided, and by what: for `explain` and `replay`. Kept in stateDirectory. */
  record: RECORD_SCHEMA,
  drainMs: milliseconds.default(30_000),
});

export type GatewayConfig = z.infer<typeof CONFIG>;
export type AppConfig = GatewayConfig['apps'][string];
export type TlsConfig = NonNullable<GatewayConfig['tls']>;
export type GatewayLimits = GatewayConfig['limits'];
