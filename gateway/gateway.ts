// The gateway of one process: listeners, servers and the pipeline around the setup in force.

import { randomBytes } from 'node:crypto';
import type { Server } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type ListenSetting, listenError } from '../runtime/errors.ts';
import type { OnEvent } from '../runtime/events.ts';
import { type CloseOptions, DEFAULT_DEADLINE_MS } from '../runtime/http/sockets.ts';
import { collectProcess, gauge, type Metric } from '../runtime/observe/metric.ts';
import { CheckBudget } from './checks/check-budget.ts';
import type { Checks } from './checks/checks.ts';
import { parseListen } from './config/listen.ts';
import type { GatewayConfig } from './config/schema.ts';
import { BufferBudget } from './connection/buffer-budget.ts';
import { createHttpServers, type HttpServers } from './connection/http-servers.ts';
import { ConnectionCounts, createListener, type ListenerRules } from './connection/listener.ts';
import { originsOf } from './connection/origins.ts';
import { peerOf, setPeer } from './connection/peer.ts';
import type { TlsProfileOptions } from './connection/tls-profiles.ts';
import { CertifiedConnections } from './devices/certified-connections.ts';
import type { GatewayOptions, ProcessLists } from './gateway-options.ts';
import { Browsers } from './handle/browsers.ts';
import { Handles } from './handle/handles.ts';
import { collectPeople, createPeople, type People } from './identity/setup/people.ts';
import { LoginLimits } from './limits/login-limits.ts';
import { KnownCredentials } from './login/known-credentials.ts';
import { CheckTimes } from './observe/check-times.ts';
import { Observe } from './observe/observe.ts';
import { createNameUser } from './observe/user-names.ts';
import { Reports } from './outcome/reports.ts';
import { ScanCosts } from './phases/check/scan-costs.ts';
import { createPipeline } from './pipeline.ts';
import { Recorder } from './record/recorder.ts';
import { BodyRates } from './request/body-rate.ts';
import { isIn } from './request/client-address.ts';
import type { FindList } from './rules/compile-expression.ts';
import { createSetup, type GatewaySetup, loadModules, profileFor, retireSetup, type SetupModules } from './setup.ts';
import { deriveKey } from './state/gateway-key.ts';

export interface Gateway {
  /** Where it listens: `http://127.0.0.1:8080`. */
  readonly urls: readonly string[];
  /** Ports in the order of `listen`, and that of `forwardAuth`. */
  readonly ports: readonly number[];
  /**
   * Applies a new configuration to requests that come from now on.
   * @throws ServerError if its files cannot be used; the old one stays in force
   */
  reload(config: GatewayConfig, lists?: ProcessLists): Promise<void>;
  /**
   * Stops accepting, lets requests in flight finish, and ends what is left at the deadline. A
   * second call waits for the first.
   */
  close(options?: CloseOptions): Promise<void>;
  metrics(): Promise<readonly Metric[]>;
}

const NO_LISTS: ProcessLists = { lookup: () => undefined, observe: () => undefined };
const ignore = (): void => undefined;
const SECRET_BYTES = 32;
const CLOSE_IDLE_MS = 50;

/** An address to listen on, and the key that has it. */
interface Opening {
  readonly setting: ListenSetting;
  readonly address: string;
  readonly scheme: 'http' | 'https';
}

/** @throws ServerError for an address that is taken, or files that cannot be used */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const running = new RunningGateway(options, options.modules ?? (await loadModules(options.config)));
  try {
    await running.listen();
  } catch (error) {
    await running.close({ deadlineMs: 1 });
    throw error;
  }
  return running;
}

class RunningGateway implements Gateway {
  readonly #options: GatewayOptions;
  readonly #onEvent: OnEvent;
  readonly #tlsOptions: TlsProfileOptions;
  readonly #counts = new ConnectionCounts();
  readonly #certified = new CertifiedConnections<TLSSocket>((socket) =>
    this.#setup.devices.isOver(peerOf(socket), Date.now()),
  );
  readonly #budget = new BufferBudget();
  readonly #recorder: Recorder;
  readonly #observe: Observe;
  readonly #checkTimes = new CheckTimes();
  readonly #bodyRates: BodyRates;
  readonly #servers: HttpServers;
  readonly #listeners: Server[] = [];
  readonly #limits: LoginLimits | undefined;
  readonly #people: People | undefined;
  #modules: SetupModules;
  #lists: ProcessLists;
  #closed: Promise<void> | undefined;
  #setup: GatewaySetup;
  readonly urls: string[] = [];
  readonly ports: number[] = [];

  constructor(options: GatewayOptions, modules: SetupModules) {
    this.#options = options;
    this.#modules = modules;
    const { config, onEvent = () => undefined, ticketSecret = randomBytes(SECRET_BYTES) } = options;
    this.#onEvent = onEvent;
    const { state } = options;
    this.#recorder = new Recorder({
      setup: () => this.#setup,
      networkKey: state && deriveKey(state.key, 'record-networks'),
      share: options.share ?? 1,
      write: options.onDecisions ?? ignore,
    });
    this.#observe = new Observe(onEvent, {
      recorder: this.#recorder,
      nameUser: state && createNameUser(deriveKey(state.key, 'event-names')),
      logAddresses: () => this.#setup.config.logAddresses,
    });
    this.#tlsOptions = {
      ticketSecret,
      handshakeTimeoutMs: config.limits.headersTimeoutMs,
      onEvent,
      onSecured: (socket) => {
        if (peerOf(socket).certificate) this.#certified.add(socket);
        this.#servers.acceptSecured(socket);
      },
    };
    this.#lists = options.lists ?? NO_LISTS;
    this.#limits = state && new LoginLimits(state);
    this.#people = state && createPeople(state, { identity: () => this.#setup.identity, onEvent });
    this.#setup = this.#createSetup(config, (name) => this.#lists.lookup(name));
    this.#bodyRates = new BodyRates(() => this.#setup.config.limits);
    const handle = createPipeline({
      setup: () => this.#setup,
      budget: this.#budget,
      bodyRates: this.#bodyRates,
      observe: this.#observe,
      recorder: this.#recorder,
      known: new KnownCredentials(),
      checkBudget: new CheckBudget(options.share ?? 1),
      scanCosts: new ScanCosts(),
      reports: state && new Reports(state.state, deriveKey(state.key, 'reports')),
      browsers: state && new Browsers(state.state, new Handles(deriveKey(state.key, 'handles'))),
      limits: this.#limits,
      people: this.#people,
      lists: () => this.#lists,
    });
    this.#servers = createHttpServers(config.limits, {
      onRequest: (message, response) => handle(message, response),
      onUpgrade: (message, response, socket, head) => handle(message, response, { socket, head }),
      onMalformed: (code) => this.#observe.malformed(code),
      originsOf: (socket) => originsOf(socket, this.#setup.applications),
    });
  }

  async listen(): Promise<void> {
    const { config } = this.#options;
    await this.#limits?.readBans();
    for (const [i, { address }] of config.listen.entries()) {
      const { protocol } = this.#rulesOf(i);
      const scheme = protocol === 'https' ? 'https' : 'http';
      await this.#open({ setting: 'listen', address, scheme }, () => this.#rulesOf(i));
    }
    this.#makeReady();
    if (!config.forwardAuth) return;
    const asking: Opening = { setting: 'forwardAuth.listen', address: config.forwardAuth.listen, scheme: 'http' };
    await this.#open(asking, () => this.#rulesOfAsking());
  }

  async #open({ setting, address, scheme }: Opening, rules: () => ListenerRules): Promise<void> {
    const { reusePort = false } = this.#options;
    const { host, port } = parseListen(address);
    const server = createListener(rules, this.#counts);
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => reject(listenError(cause, host, port, setting)));
      server.listen({ host, port, reusePort }, resolve);
    });
    this.#listeners.push(server);
    this.#announce(server, scheme);
  }

  async reload(config: GatewayConfig, lists = this.#lists): Promise<void> {
    this.#modules = { ...this.#modules, ...(await loadModules(config)) };
    const before = this.#setup;
    this.#setup = this.#createSetup(config, (name) => lists.lookup(name), before);
    this.#lists = lists;
    for (const profile of this.#setup.profiles.values())
      if (before.profiles.get(profile.id) === profile) profile.reload();
    this.#servers.applyLimits(config.limits);
    void this.#limits?.readBans();
    void retireSetup(before, this.#setup);
    this.#makeReady(before.checks);
  }

  #createSetup(config: GatewayConfig, findList: FindList, previous?: GatewaySetup): GatewaySetup {
    const onChecked = (seconds: number): void => this.#checkTimes.observe(seconds);
    return createSetup(config, { tls: this.#tlsOptions, findList, previous, ...this.#modules, onChecked });
  }

  /** The first login does not wait for what the service has published. */
  #makeReady(before?: Checks): void {
    const { checks } = this.#setup;
    if (checks && checks !== before) void this.#modules.checks?.reportReadiness(checks, this.#onEvent);
  }

  close({ deadlineMs = DEFAULT_DEADLINE_MS }: CloseOptions = {}): Promise<void> {
    this.#closed ??= this.#shutDown(deadlineMs);
    return this.#closed;
  }

  async #shutDown(deadlineMs: number): Promise<void> {
    this.#setup.isClosing = true;
    this.#people?.holds.waiting.close();
    this.#onEvent({ event: 'closing', deadlineMs });
    const closed = this.#listeners.map((server) => new Promise((resolve) => server.close(resolve)));
    const idle = setInterval(() => this.#servers.closeIdle(), CLOSE_IDLE_MS);
    const deadline = setTimeout(() => {
      for (const socket of this.#counts.sockets) socket.destroy();
      for (const origin of this.#setup.origins.values()) origin.abort();
    }, deadlineMs);
    await Promise.all(closed);
    clearInterval(idle);
    this.#servers.close();
    this.#bodyRates.close();
    this.#people?.sessions.close();
    this.#recorder.flush();
    await retireSetup(this.#setup, undefined);
    clearTimeout(deadline);
    this.#onEvent({ event: 'closed' });
  }

  async metrics(): Promise<readonly Metric[]> {
    return [
      ...this.#observe.collect(),
      this.#checkTimes.collect(),
      ...collectPeople(this.#people),
      gauge(
        'credveil_gateway_connections',
        'Open connections of clients.',
        [{ value: this.#counts.sockets.size }],
        'sum',
      ),
      ...this.#budget.collect(),
      ...(await collectProcess()),
    ];
  }

  #announce(server: Server, scheme: string): void {
    const bound = server.address();
    if (bound === null || typeof bound === 'string') return;
    const { address, family, port } = bound;
    const url = `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
    this.urls.push(url);
    this.ports.push(port);
    this.#onEvent({ event: 'listening', url });
  }

  /** Of the address where proxies ask: nobody else is heard there. */
  #rulesOfAsking(): ListenerRules {
    const { config, askers } = this.#setup;
    const asks = config.forwardAuth?.proxy;
    return {
      ...this.#rulesOf(-1),
      protocol: 'http',
      proxies: [],
      onPlain: (socket) => {
        const peer = peerOf(socket);
        if (!asks || !isIn(askers, peer.address)) {
          socket.destroy();
          return;
        }
        setPeer(socket, { ...peer, asks });
        this.#servers.acceptHttp1(socket);
      },
    };
  }

  #rulesOf(i: number): ListenerRules {
    const { config, proxies, profiles, identity } = this.#setup;
    const { limits } = config;
    const share = this.#options.share ?? 1;
    const protocol = config.listen[i]?.protocol ?? (profiles.size > 0 ? 'https' : 'http');
    return {
      protocol,
      proxies,
      maxConnections: Math.ceil(limits.maxConnections * share),
      maxConnectionsPerAddress: Math.ceil(limits.maxConnectionsPerAddress * share),
      firstBytesTimeoutMs: limits.headersTimeoutMs,
      profileFor: (serverName) => profileFor(this.#setup, serverName),
      takesJa4: identity?.watchesDrift === true,
      onUnknownName: () => this.#observe.unknownName(),
      onPlain: (socket) => this.#servers.acceptHttp1(socket),
    };
  }
}
