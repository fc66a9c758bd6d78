// Clients of the gateway's soak: each knows the one right answer to each of its requests.

import https from 'node:https';
import type { TLSSocket } from 'node:tls';
import { caPem } from '../../../test/support/tls-files.ts';

const BODY = Buffer.alloc(40_000, 'x');
/** Then a lane opens a new connection. */
const REQUESTS_PER_CONNECTION = 50;

interface Expected {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly status: number;
}

/** Two are refused by a rule of each configuration: by its path, and by a list. */
const REQUESTS: readonly Expected[] = [
  { method: 'GET', path: '/page?a=b', status: 200 },
  { method: 'POST', path: '/form', status: 200 },
  { method: 'GET', path: '/refused', status: 403 },
  { method: 'GET', path: '/listed', status: 403 },
];

export interface LoadOptions {
  readonly port: number;
  readonly lanes: number;
  /** @returns whether the application was away at any moment of the time */
  wasAway(from: number, to: number): boolean;
}

export class Load {
  readonly #options: LoadOptions;
  readonly #running: Promise<void>[] = [];
  #isStopped = false;
  answered = 0;
  /** Not answered since the application was away. */
  lost = 0;
  /** What else went wrong. */
  readonly failures: string[] = [];
  readonly certificates = new Set<string>();

  constructor(options: LoadOptions) {
    this.#options = options;
    for (let i = 0; i < options.lanes; i++) this.#running.push(this.#runLane(i));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#running);
  }

  async #runLane(first: number): Promise<void> {
    let agent = createAgent();
    for (let i = 0; !this.#isStopped; i++) {
      if (i % REQUESTS_PER_CONNECTION === REQUESTS_PER_CONNECTION - 1) {
        agent.destroy();
        agent = createAgent();
      }
      await this.#ask(agent, REQUESTS[(first + i) % REQUESTS.length] as Expected);
    }
    agent.destroy();
  }

  async #ask(agent: https.Agent, expected: Expected): Promise<void> {
    const from = performance.now();
    const outcome = await this.#send(agent, expected);
    if (outcome === undefined) this.answered++;
    else if (expected.status === 200 && this.#options.wasAway(from, performance.now())) this.lost++;
    else this.failures.push(`${expected.method} ${expected.path}: ${outcome}`);
  }

  /** @returns what was wrong */
  #send(agent: https.Agent, { method, path, status }: Expected): Promise<string | undefined> {
    const body = method === 'POST' ? BODY : undefined;
    const headers = { Host: 'app.example', ...(body && { 'Content-Length': body.length }) };
    return new Promise((resolve) => {
      const options = { host: '127.0.0.1', port: this.#options.port, method, path, headers, agent };
      const request = https.request(options, (response) => {
        const { fingerprint256 } = (response.socket as TLSSocket).getPeerCertificate();
        if (fingerprint256) this.certificates.add(fingerprint256);
        let text = '';
        response
          .on('data', (piece: Buffer) => {
            text += String(piece);
          })
          .on('error', (error) => resolve(error.message))
          .on('end', () => {
            const isRight = status !== 200 || text === `${method} ${path} ${body?.length ?? 0}`;
            resolve(
              response.statusCode === status && isRight ? undefined : `${response.statusCode} ${text.slice(0, 200)}`,
            );
          });
      });
      request.on('error', (error) => resolve(error.message)).end(body);
    });
  }
}

/** Of one connection. The test's certificates have other names than this host. */
const createAgent = (): https.Agent =>
  new https.Agent({ keepAlive: true, maxSockets: 1, ca: caPem, checkServerIdentity: () => undefined });
