// What a configuration means: an immutable value that a reload replaces as a whole. Connections to
// origins, and TLS profiles, that both have in common go on.

import { createHash } from 'node:crypto';
import { ServerError } from '../runtime/errors.ts';
import type { AddressRange } from './addresses/network.ts';
import { networksOf } from './addresses/network.ts';
import { type Application, Applications } from './applications.ts';
import { createCheckerMemory } from './checks/checker-memory.ts';
import type { Checks } from './checks/checks.ts';
import { readLeakFiles } from './checks/leak-files.ts';
import type { AppConfig, GatewayConfig, TlsConfig } from './config/schema.ts';
import { isSecured, ownOriginOf } from './config/secured.ts';
import { profileId, profilesOf, TlsProfile, type TlsProfileOptions } from './connection/tls-profiles.ts';
import { createDevices } from './devices/create-devices.ts';
import type { Devices } from './devices/devices.ts';
import type { Geo } from './geo/geo.ts';
import { assertedNames } from './identity/assertion/identity-headers.ts';
import { compilePolicies, dependsOnCertificate } from './identity/policies/policies.ts';
import { requirementsOf } from './identity/policies/requirement.ts';
import { createIdentity, type Identity, type ProvidersModule, sessionRulesOf } from './identity/setup/identity.ts';
import { ServiceTokens } from './identity/tokens/service-tokens.ts';
import { tokenFolder } from './identity/tokens/token-folder.ts';
import { prepareLimit } from './limits/prepare-limits.ts';
import { compileLogins } from './login/compile-logins.ts';
import { createLoginSet } from './login/login-set.ts';
import { createPasswordChanges } from './login/password-changes.ts';
import { PRESETS } from './login/preset.ts';
import { createSessionGuard } from './login/session-guard.ts';
import type { SessionGuard } from './login/sessions.ts';
import { type OutcomeToken, readOutcomeToken } from './outcome/token.ts';
import type { RuleSet } from './phases/rules/prepared-rule.ts';
import { createRuleSet, prepareRules } from './phases/rules/rules.ts';
import { createHoldRules } from './quarantine/hold-rules.ts';
import { lettersOf } from './request/reserved-names.ts';
import { SetNames } from './request/set-names.ts';
import type { FindList } from './rules/compile-expression.ts';
import { Origin } from './upstream/origin.ts';
import { type OriginFiles, readOriginFiles } from './upstream/origin-files.ts';

export interface GatewaySetup {
  readonly config: GatewayConfig;
  readonly applications: Applications;
  readonly trustedProxies: readonly AddressRange[];
  /** Proxies that may ask about requests. */
  readonly askers: readonly AddressRange[];
  /** Peers that speak the PROXY protocol. */
  readonly proxies: readonly AddressRange[];
  readonly profiles: ReadonlyMap<string, TlsProfile>;
  /** Connections to applications, by what they are made of. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** Undefined without `leaks`. */
  readonly checks: Checks | undefined;
  /** The origin of the gateway's own pages, who says who somebody is; undefined without `auth`. */
  readonly issuer: string | undefined;
  /** Its host, without port. */
  readonly authHost: string | undefined;
  /** Undefined where every application is open to everybody. */
  readonly tokens: ServiceTokens | undefined;
  /** Undefined where nobody signs in. */
  readonly identity: Identity | undefined;
  readonly devices: Devices;
  /** Undefined without `geo`. */
  readonly geo: Geo | undefined;
  /** Undefined without `outcome`. */
  readonly outcomeToken: OutcomeToken | undefined;
  isClosing: boolean;
}

export type ChecksModule = typeof import('./checks/checks.ts');

/** What only some configurations need, and others do not load: the SDK, libraries of providers. */
export interface SetupModules {
  /** With `leaks`. */
  readonly checks?: Pick<ChecksModule, 'createChecks' | 'reportReadiness'> | undefined;
  /** With `geo`. */
  readonly geo?: typeof import('./geo/geo.ts') | undefined;
  /** With `identity`. */
  readonly providers?: ProvidersModule | undefined;
}

export async function loadModules({ leaks, identity, geo }: GatewayConfig): Promise<SetupModules> {
  const hasProviders = Object.keys(identity).length > 0;
  return {
    ...(leaks && { checks: await import('./checks/checks.ts') }),
    ...(geo && { geo: await import('./geo/geo.ts') }),
    ...(hasProviders && { providers: await import('./identity/sign-in/create-provider.ts') }),
  };
}

export interface SetupParts extends SetupModules {
  readonly tls: TlsProfileOptions;
  readonly findList: FindList;
  /** Called with the seconds that a check of a login took. */
  readonly onChecked?: (seconds: number) => void;
  /** The setup that this one replaces. */
  readonly previous?: GatewaySetup | undefined;
}

/**
 * @throws ServerError `TLS_FILE_UNREADABLE`, `TLS_FILES_INVALID`
 * @throws StoreError, LookupError for files of `leaks` that cannot be used
 * @throws RuleError as `parseConfig` would have reported it; nothing is held open then
 */
export function createSetup(config: GatewayConfig, parts: SetupParts): GatewaySetup {
  const { tls: tlsOptions, findList, previous } = parts;
  const shared = prepareRules(config.rules, 'rules', findList);
  const origins = new Map<string, Origin>();
  const applications = Object.entries(config.apps).map(([name, app]): Application => {
    const files = of(`apps.${name}.upstream`, () => readOriginFiles(app.upstream));
    // By content: a reload takes up a certificate that was renewed.
    const digest = createHash('sha256').update(JSON.stringify(files)).digest('hex');
    const key = JSON.stringify([app.to, app.upstream, digest]);
    const origin = origins.get(key) ?? previous?.origins.get(key) ?? createOrigin(app, files);
    origins.set(key, origin);
    const tls = app.tls ?? config.tls;
    const rules = createRuleSet([...shared, ...prepareRules(app.rules, `apps.${name}.rules`, findList)]);
    const kept = new Set(app.keep.map(lettersOf));
    return {
      name,
      config: app,
      origin,
      tlsProfile: tls && profileId(tls),
      sessionRules: sessionRulesOf(name, app.access, config),
      access: app.access && compilePolicies(app.access.policies, { findList, deviceIssuers: config.devices.issuers }),
      factors: requirementsOf(config.factors, app.access),
      sessions: sessionsOf(app, findList),
      hold: app.login?.hold && createHoldRules(name, app.login.hold, sessionCookiesOf(app.login), app.upstream),
      passwordChanges: app.login && createPasswordChanges(app.login, findList),
      guardsSessions: config.leaks !== undefined,
      judgesCertificates: app.access?.policies.some(dependsOnCertificate) === true,
      needsCertificate: tls?.clientCertificates?.require === true,
      logins: createLoginSet(app.login ? compileLogins(app.login, findList) : [], app.login?.unreadable === 'pass'),
      rules,
      limits: app.loginLimits.map((limit) => prepareLimit(limit, findList)),
      kept,
      setNames: new SetNames({
        names: namesOf(app, rules),
        hasAccess: app.access !== undefined,
        namesPeople: Object.keys(app.access?.headers ?? {}).length > 0,
        kept,
      }),
    };
  });
  const checks = createChecksOf(config, parts);
  const trustedProxies = networksOf(config.trustedProxies);
  const { geo: places } = config;
  const geo = places && of('geo', () => parts.geo?.createGeo(places, tlsOptions.onEvent, previous?.geo));
  const devices = of('devices', () => createDevices({ config, trustedProxies, onEvent: tlsOptions.onEvent }));
  const identity = createIdentityOf(config, parts);
  const outcomeToken = config.outcome && readOutcomeToken(config.outcome.tokenFile, accessOf(config));
  // Last, since they are what an error would leave open.
  const profiles = createProfiles(config, tlsOptions, previous);
  devices.start();
  return {
    config,
    applications: new Applications(applications),
    trustedProxies,
    askers: networksOf([...(config.forwardAuth?.from ?? []), ...config.trustedProxies]),
    proxies: networksOf(config.proxyProtocol),
    profiles,
    origins,
    checks,
    devices,
    geo,
    identity,
    authHost: config.auth?.replace(/:\d+$/, ''),
    issuer: ownOriginOf(config),
    tokens: openTokensOf(config, parts),
    outcomeToken,
    isClosing: false,
  };
}

/** Of headers that the application gets from the gateway alone. */
const namesOf = ({ access }: AppConfig, { headers }: RuleSet) => [...headers, ...(access ? assertedNames(access) : [])];

const sessionsOf = ({ login }: AppConfig, findList: FindList): SessionGuard | undefined =>
  createSessionGuard(
    [
      ...(login?.presets ?? []).flatMap((preset) => PRESETS.get(preset) ?? []),
      { sessionCookies: login?.sessionCookies ?? [], mayBeginSession: login?.mayBeginSession },
    ],
    findList,
  );

/** Of presets, and of the key `login` itself. */
export const sessionCookiesOf = ({ presets, sessionCookies }: NonNullable<AppConfig['login']>): readonly string[] => [
  ...presets.flatMap((preset) => {
    const { sessionCookies: own = [], sealedCookies = [] } = PRESETS.get(preset) ?? {};
    return [...own, ...sealedCookies];
  }),
  ...sessionCookies,
];

/** Who may read files of secrets beside their owner. */
const accessOf = ({ keyFileGroup: group }: GatewayConfig) => (group === undefined ? {} : { group });

/** By content, as origins: a reload takes up a key that was replaced. */
function createChecksOf(config: GatewayConfig, { previous, onChecked, checks, tls }: SetupParts): Checks | undefined {
  const { leaks, stateDirectory } = config;
  if (!leaks) return undefined;
  const files = readLeakFiles(leaks, accessOf(config));
  if (previous?.checks?.digest === files.digest) return previous.checks;
  const memory = stateDirectory === undefined ? undefined : createCheckerMemory(stateDirectory);
  if (!checks) throw new TypeError('checks are not loaded');
  const { onEvent } = tls;
  return checks.createChecks(files, { memory, passwordFilter: leaks.passwordFilter, onChecked, onEvent });
}

/** Of one gateway, whatever its configuration: they are in its own folder. */
function openTokensOf(
  { apps, stateDirectory }: GatewayConfig,
  { previous, tls }: SetupParts,
): ServiceTokens | undefined {
  const isNeeded = Object.values(apps).some(({ access }) => access !== undefined);
  if (!isNeeded || stateDirectory === undefined) return undefined;
  return previous?.tokens ?? new ServiceTokens(tokenFolder(stateDirectory), tls.onEvent);
}

const createIdentityOf = (config: GatewayConfig, { providers: module, previous }: SetupParts): Identity | undefined =>
  createIdentity(
    { ...config, isSecure: isSecured(config), tlsProfile: config.tls && profileId(config.tls) },
    { access: accessOf(config), module, previous: previous?.identity },
  );

/** Closes what the next setup does not go on with. */
export async function retireSetup(setup: GatewaySetup, next: GatewaySetup | undefined): Promise<void> {
  if (next?.tokens !== setup.tokens) setup.tokens?.close();
  if (next?.checks !== setup.checks) setup.checks?.close();
  setup.devices.close();
  for (const [id, profile] of setup.profiles) if (next?.profiles.get(id) !== profile) profile.close();
  const old = [...setup.origins].filter(([key, origin]) => next?.origins.get(key) !== origin);
  await Promise.all(old.map(([, origin]) => origin.close()));
}

/**
 * Without a name, or with an unknown one, the profile of the top-level `tls`, or the only one: who
 * scans addresses is not shown the certificate of some host.
 */
export function profileFor(
  { applications, profiles, config, identity }: GatewaySetup,
  serverName: string | undefined,
): TlsProfile | undefined {
  const isOwn = serverName !== undefined && serverName === identity?.host;
  const id = serverName === undefined || isOwn ? undefined : applications.profileOf(serverName);
  if (id !== undefined) return profiles.get(id);
  const [only] = profiles.values();
  return config.tls ? profiles.get(profileId(config.tls)) : profiles.size === 1 ? only : undefined;
}

function createProfiles(
  config: GatewayConfig,
  options: TlsProfileOptions,
  previous: GatewaySetup | undefined,
): ReadonlyMap<string, TlsProfile> {
  const profiles = new Map<string, TlsProfile>();
  try {
    for (const [id, tls] of profilesOf(config))
      profiles.set(id, previous?.profiles.get(id) ?? createProfile(config, tls, options));
  } catch (error) {
    for (const [id, profile] of profiles) if (previous?.profiles.get(id) !== profile) profile.close();
    throw error;
  }
  return profiles;
}

function createProfile(config: GatewayConfig, tls: TlsConfig, options: TlsProfileOptions): TlsProfile {
  const id = profileId(tls);
  const app = Object.entries(config.apps).find(([, each]) => each.tls && profileId(each.tls) === id);
  const isOwn = app !== undefined && !(config.tls && profileId(config.tls) === id);
  return of(isOwn ? `apps.${app[0]}.tls` : 'tls', () => new TlsProfile(tls, options));
}

/** Names the key of the configuration in errors about its files. */
function of<Value>(key: string, make: () => Value): Value {
  try {
    return make();
  } catch (cause) {
    if (!(cause instanceof ServerError)) throw cause;
    throw new ServerError(cause.code, `${key}: ${cause.message}`, cause.hint, { cause });
  }
}

/** Of an application that another proxy forwards to: nothing is sent there. */
const NOWHERE = 'http://0.0.0.0:1';

export function createOrigin({ to = NOWHERE, upstream }: AppConfig, files: OriginFiles): Origin {
  const { serverName, maxConnections, maxWaiting, ...times } = upstream;
  return new Origin({
    url: to,
    maxConnections,
    maxWaiting,
    connectTimeoutMs: times.connectTimeoutMs,
    responseTimeoutMs: times.responseTimeoutMs,
    idleTimeoutMs: times.idleTimeoutMs,
    ...files,
    ...(serverName !== undefined && { serverName }),
  });
}
