// CREDVEIL_ variables of the environment that are no settings: which are refused, and which
// ignored.

import { nearest } from '../../runtime/config/nearest.ts';

/** Names that Credveil's tests use for themselves. */
const TEST_NAMES = /^CREDVEIL_(?:TEST_|FAULT$)/;
/** Names that an application uses for the SDK, as README.md and examples/ do. */
const SDK_NAMES: ReadonlySet<string> = new Set([
  'CREDVEIL_KEY',
  'CREDVEIL_CLIENT_KEY',
  'CREDVEIL_TRUST',
  'CREDVEIL_URL',
  'CREDVEIL_BUCKETS_URL',
]);
/**
 * Kubernetes adds these to each pod for a Service whose name begins with `credveil`, and Docker for
 * a linked container: Kubernetes, "Discovering services", and the variables of `docker --link`.
 */
const SERVICE_NAMES =
  /_(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)$/;
const SERVICE_URL = /^(?:tcp|udp|sctp):\/\//;

export interface JudgedEnvironment {
  /** Variables that have no effect and belong to nothing known: worth a warning. */
  readonly ignored: readonly string[];
  /** The first variable that is close to a setting, and the setting's variable. */
  readonly refused?: { readonly name: string; readonly meant: string };
}

/** @param known the variables of the settings */
export function judgeEnvironment(
  environment: { readonly [name: string]: string | undefined },
  known: readonly string[],
): JudgedEnvironment {
  const ignored: string[] = [];
  for (const [name, value = ''] of Object.entries(environment)) {
    if (!name.startsWith('CREDVEIL_') || known.includes(name)) continue;
    if (TEST_NAMES.test(name) || SDK_NAMES.has(name) || isOfService(name, value)) continue;
    const meant = meantBy(name, known);
    if (meant !== undefined) return { ignored, refused: { name, meant } };
    ignored.push(name);
  }
  return { ignored };
}

/** `CREDVEIL_PORT=9000` is an operator's guess; `CREDVEIL_PORT=tcp://10.0.0.7:8787` is not. */
const isOfService = (name: string, value: string): boolean =>
  SERVICE_NAMES.test(name) || (name.endsWith('_PORT') && SERVICE_URL.test(value));

const withoutPrefix = (name: string): string => name.slice('CREDVEIL_'.length);

/** A misspelled setting, or one with a word too few or too many at either end. */
function meantBy(name: string, known: readonly string[]): string | undefined {
  const given = withoutPrefix(name);
  const fits = known.find((setting) => {
    const full = withoutPrefix(setting);
    return shortenings(full).includes(given) || shortenings(given).includes(full);
  });
  if (fits !== undefined) return fits;
  const close = nearest(given, known.map(withoutPrefix));
  return close === undefined ? undefined : `CREDVEIL_${close}`;
}

/** A name without its first and without its last word. */
function shortenings(name: string): string[] {
  const words = name.split('_');
  return words.length < 2 ? [] : [words.slice(1).join('_'), words.slice(0, -1).join('_')];
}
