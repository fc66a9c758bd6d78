// The settings of the service: one line each, from which file keys, environment names, flags and
// their help follow.
//
// No setting holds a secret: secrets are in files that settings name.

import {
  names,
  oneOf,
  place,
  places,
  type Setting,
  text,
  wholeNumber,
  wholeNumberOr,
  yesOrNo,
} from '../../runtime/config/setting.ts';
import { DEFAULT_LIMITS, MAX_LIMIT } from '../../runtime/limits.ts';
import { LOG_LEVELS } from '../../runtime/observe/log.ts';

const COUNT = [1, MAX_LIMIT] as const;
const LIVE = { live: true };
const LIMITS = DEFAULT_LIMITS;
const LISTEN = /^(\[[0-9a-fA-F:.]+\]|[^[\]:\s]*):(\d{1,4}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])$/;

const ADDRESS = {
  pattern: LISTEN,
  form: 'HOST:PORT, with a port from 0 to 65535',
  placeholder: '<host:port>',
};
const ADDRESS_OR_OFF = {
  pattern: new RegExp(`^off$|${LISTEN.source}`),
  form: 'off or HOST:PORT, with a port from 0 to 65535',
  placeholder: '<host:port|off>',
};

/**
 * `a.b` is the key b of the object a in a file, CREDVEIL_A_B in the environment, and the flag
 * --a-b.
 */
export const SETTINGS = {
  dataset: place('folder of the dataset'),
  keyFile: place('oprf: key of the dataset (default: <dataset>.key)'),
  keyFileGroup: wholeNumberOr('none', 'id of a group that may also read key files, as under Kubernetes (fsGroup)', [
    0,
    2 ** 32 - 2,
  ]),
  also: places('another dataset, served under /d/<dataset id>, for instance while keys are rotated; repeatable'),
  listen: text('address to listen on; port 0 picks a free port', '127.0.0.1:8787', ADDRESS),
  allowAnonymous: yesOrNo('accept unauthenticated clients, including remote ones', false),
  allowedOrigins: names(
    'origin whose web pages may read answers, or *; repeatable (default: any, but none without clients on loopback)',
    {
      pattern: /^(?:\*|https?:\/\/[a-z0-9.[\]:-]+)$/,
      form: '* or origins, such as https://app.example',
      placeholder: '<origin|*>',
    },
  ),
  allowedHosts: names(
    'host name to answer under, or *; repeatable (default: any, but only localhost without clients on loopback)',
    {
      pattern: /^(?:\*|[A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\])$/,
      form: '* or host names without a port',
      placeholder: '<host|*>',
    },
  ),
  clientsFile: place('list of clients, written by `credveil client` (default: <dataset>.clients.json)'),
  quotaFile: place('daily quota usage of the clients (default: <dataset>.quota.sqlite)'),
  notify: places('file that describes a sink for alarms; repeatable'),
  outboxFile: place('alarms that are to be sent (default: <dataset>.outbox.sqlite)'),
  metrics: text('address for GET /metrics, or off', 'off', ADDRESS_OR_OFF),
  logLevel: oneOf(LOG_LEVELS, `${LOG_LEVELS.join(', ')}; debug writes a line per request`, 'info', '<level>'),
  workers: wholeNumberOr(
    'auto',
    'worker processes; auto is one per core and at least 2, 0 serves from this process',
    [0, 256],
  ),
  pages: yesOrNo('serve the pages / and /status, and /v1/status', true),
  drainMs: wholeNumber('time for requests in flight to finish on shutdown', 10_000, [1, 86_400_000], LIVE),
  pollIntervalMs: wholeNumber('interval of checks for new snapshots and changed TLS files', 1000, [1, 86_400_000]),
  maxHeldBytes: wholeNumber('memory per process for cached response bodies', 2 ** 27, [0, 2 ** 40]),
  'tls.certFile': place('PEM: certificate and chain; turns on HTTPS'),
  'tls.keyFile': place("PEM: the certificate's private key"),
  'tls.caFile': place('PEM: CA of client certificates; turns on requesting them'),
  'tls.requireClientCertificate': yesOrNo('refuse connections without a valid client certificate', false),
  'limits.maxConnections': wholeNumber('maximum open sockets, over all processes', LIMITS.maxConnections, COUNT, LIVE),
  'limits.maxConnectionsPerAddress': wholeNumber(
    'maximum open sockets of one address, over all processes',
    LIMITS.maxConnectionsPerAddress,
    COUNT,
    LIVE,
  ),
  'limits.maxHeaderBytes': wholeNumber('maximum size of request line and headers', LIMITS.maxHeaderBytes, COUNT),
  'limits.maxUrlBytes': wholeNumber('maximum size of the request target', LIMITS.maxUrlBytes, COUNT, LIVE),
  'limits.headersTimeoutMs': wholeNumber('time to receive the headers', LIMITS.headersTimeoutMs, COUNT, LIVE),
  'limits.requestTimeoutMs': wholeNumber('time to receive the whole request', LIMITS.requestTimeoutMs, COUNT, LIVE),
  'limits.keepAliveTimeoutMs': wholeNumber('idle time between two requests', LIMITS.keepAliveTimeoutMs, COUNT, LIVE),
  'limits.strangerTimeoutMs': wholeNumber(
    'time that a connection without a client stays open where clients are required',
    LIMITS.strangerTimeoutMs,
    COUNT,
    LIVE,
  ),
  'limits.stalledTimeoutMs': wholeNumber(
    'time before a client that stops reading is dropped',
    LIMITS.stalledTimeoutMs,
    COUNT,
    LIVE,
  ),
  'limits.maxWaitingElements': wholeNumber(
    'maximum group elements waiting, per process',
    LIMITS.maxWaitingElements,
    COUNT,
  ),
  'limits.timeoutCheckIntervalMs': wholeNumber('interval of timeout checks', LIMITS.timeoutCheckIntervalMs, COUNT),
} as const satisfies { readonly [key: string]: Setting<unknown> };

export type SettingKey = keyof typeof SETTINGS;
export type SettingValue<Key extends SettingKey> = (typeof SETTINGS)[Key] extends Setting<infer Value> ? Value : never;
export type Settings = { readonly [Key in SettingKey]: SettingValue<Key> };

export const SETTING_KEYS = Object.keys(SETTINGS) as SettingKey[];

const words = (key: string): string[] => key.split('.').flatMap((part) => part.split(/(?=[A-Z])/));

/** `limits.maxUrlBytes` is CREDVEIL_LIMITS_MAX_URL_BYTES. */
export const environmentName = (key: SettingKey): string => `CREDVEIL_${words(key).join('_').toUpperCase()}`;
/** `limits.maxUrlBytes` is --limits-max-url-bytes. */
export const flagName = (key: SettingKey): string => `--${words(key).join('-').toLowerCase()}`;
