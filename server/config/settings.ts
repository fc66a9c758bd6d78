// The settings of the service: one line each, from which file keys, environment names, flags and their help follow.
//
// No setting holds a secret: what is secret stands in a file that a setting names.

import {
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

const METRICS = new RegExp(`^off$|${LISTEN.source}`);

/** `a.b` is the key b of the object a in a file, CREDVEIL_A_B in the environment, and the flag --a-b. */
export const SETTINGS = {
  dataset: place('folder of the dataset'),
  keyFile: place('oprf: key of the dataset (default: <dataset>.key)'),
  also: places('serve one more under /d/<dataset id>, as while keys are rotated'),
  listen: text('where to listen; port 0 takes a free one', '127.0.0.1:8787', LISTEN, 'HOST:PORT'),
  allowAnonymous: yesOrNo('answer whoever asks without a key or a certificate, also from other machines', false),
  clientsFile: place('who may ask, as `credveil client` writes it (default: <dataset>.clients.json)'),
  quotaFile: place('what clients have used of their daily quotas (default: <dataset>.quota.sqlite)'),
  metrics: text('where to answer GET /metrics; off means nowhere', 'off', METRICS, 'HOST:PORT or off'),
  logLevel: oneOf(LOG_LEVELS, 'what is logged; debug has a line for each request', 'info'),
  workers: wholeNumberOr(
    'auto',
    'processes that answer; auto is one a core and 2 at least, 0 answers in this one',
    [0, 256],
  ),
  pages: yesOrNo('answer with pages for people at / and /status, and with /v1/status', true),
  drainMs: wholeNumber('how long requests in flight may take at the end', 10_000, [1, 86_400_000], LIVE),
  pollIntervalMs: wholeNumber('how often new snapshots and changed TLS files are looked for', 1000, [1, 86_400_000]),
  maxHeldBytes: wholeNumber('memory for the bodies of a snapshot, in each process', 2 ** 27, [0, 2 ** 40]),
  'tls.certFile': place('PEM: certificate and chain; with it the service speaks HTTPS'),
  'tls.keyFile': place("PEM: the certificate's private key"),
  'tls.caFile': place('PEM: who signs client certificates; with it they are asked for'),
  'tls.requireClientCertificate': yesOrNo('refuse connections without a valid client certificate', false),
  'limits.maxConnections': wholeNumber('open sockets, in all processes together', LIMITS.maxConnections, COUNT, LIVE),
  'limits.maxHeaderBytes': wholeNumber('request line and headers', LIMITS.maxHeaderBytes, COUNT),
  'limits.maxUrlBytes': wholeNumber('request target', LIMITS.maxUrlBytes, COUNT, LIVE),
  'limits.headersTimeoutMs': wholeNumber('for a request to send its headers', LIMITS.headersTimeoutMs, COUNT, LIVE),
  'limits.requestTimeoutMs': wholeNumber('for a request to arrive whole', LIMITS.requestTimeoutMs, COUNT, LIVE),
  'limits.keepAliveTimeoutMs': wholeNumber('between two requests', LIMITS.keepAliveTimeoutMs, COUNT, LIVE),
  'limits.stalledTimeoutMs': wholeNumber('for a client that does not read', LIMITS.stalledTimeoutMs, COUNT, LIVE),
  'limits.maxWaitingElements': wholeNumber('group elements that wait, a process', LIMITS.maxWaitingElements, COUNT),
  'limits.timeoutCheckIntervalMs': wholeNumber(
    'how often timeouts are looked at',
    LIMITS.timeoutCheckIntervalMs,
    COUNT,
  ),
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
