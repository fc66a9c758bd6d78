// Of a body that is too long to be read before it is forwarded, the rest is looked through on its
// way: the application never gets a login to its end that was not read.

import { Refusal } from '../answers/kinds.ts';
import type { Exchange } from '../exchange.ts';
import { BodyDecoder, type Decompression } from '../login/body/decompress.ts';
import type { LoginReading, LoginScan } from '../login/read-login.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import type { Content } from '../request/collect-body.ts';
import type { GatewaySetup } from '../setup.ts';
import type { LateRefusal, Screen } from '../upstream/forwarding.ts';
import { isUnreadableLimited } from './limit-login.ts';

interface Reason {
  readonly code: LateRefusal;
  readonly why: string;
}

const FOUND: Reason = { code: 'LOGIN_TOO_LARGE', why: 'it has its password behind more than a login needs' };
const FAULTS: Readonly<Record<NonNullable<BodyDecoder['fault']>, Reason>> = {
  endless: { code: 'LOGIN_TOO_LARGE', why: 'it decompresses to more than can be looked through' },
  malformed: { code: 'LOGIN_UNREADABLE', why: 'it cannot be decompressed' },
};

export class BodyScreen implements Screen {
  readonly #exchange: Exchange;
  readonly #scans: readonly LoginScan[];
  readonly #observe: PipelineParts['observe'];
  readonly #decoder: BodyDecoder | undefined;
  #reason: Reason | undefined;
  #onStop = (_: LateRefusal): void => undefined;

  constructor(
    exchange: Exchange,
    scans: readonly LoginScan[],
    decompression: Decompression | undefined,
    observe: PipelineParts['observe'],
  ) {
    this.#exchange = exchange;
    this.#scans = scans;
    this.#observe = observe;
    if (!decompression) return;
    const decoder = new BodyDecoder(decompression, (piece) => this.#look(({ scanInside }) => scanInside?.push(piece)));
    exchange.response.once('close', () => decoder.destroy());
    this.#decoder = decoder;
  }

  /**
   * What was read before, which was looked through as it came.
   * @returns why it may not go on
   */
  async takeBeginning({ bytes, isWhole }: Content): Promise<LateRefusal | undefined> {
    await this.#decode(bytes);
    if (isWhole) await this.end();
    return this.#isPassed ? undefined : this.#reason?.code;
  }

  /** @param onStop is called before the piece with the password's name is sent */
  watch(onStop: (code: LateRefusal) => void): void {
    this.#onStop = onStop;
  }

  pass(piece: Buffer): Promise<void> | undefined {
    this.#look(({ scan }) => scan.push(piece));
    return this.#reason ? undefined : this.#decode(piece);
  }

  end(): Promise<void> | undefined {
    return this.#decoder?.end().then(this.#takeFault);
  }

  get #isPassed(): boolean {
    return this.#exchange.application?.logins.passesUnreadable === true;
  }

  #decode(piece: Buffer): Promise<void> | undefined {
    return this.#decoder?.push(piece).then(this.#takeFault);
  }

  readonly #takeFault = (): void => {
    const fault = this.#decoder?.fault;
    if (fault) this.#stop(this.#scans[0], FAULTS[fault]);
  };

  #look(finds: (scan: LoginScan) => boolean | undefined): void {
    if (!this.#reason) this.#stop(this.#scans.find(finds), FOUND);
  }

  #stop(found: LoginScan | undefined, reason: Reason): void {
    if (!found || this.#reason) return;
    this.#reason = reason;
    this.#observe.unreadable(this.#exchange, found.login.name, reason.why, this.#isPassed);
    if (!this.#isPassed) this.#onStop(reason.code);
  }
}

/**
 * @returns undefined if all was read that has to be
 * @throws Refusal `OVERLOADED` without room for what its decoder keeps
 */
export function screenOf(
  exchange: Exchange,
  reading: LoginReading,
  { budget, observe }: PipelineParts,
  { config: { limits } }: GatewaySetup,
): BodyScreen | undefined {
  if (reading.kind !== 'none' || reading.scans.length === 0) return undefined;
  const { scans, decompression } = reading;
  const bytes = decompression?.windowBytes ?? 0;
  if (!budget.hold(exchange.response, bytes, limits.maxBufferedBytes)) throw new Refusal('OVERLOADED', { close: true });
  return new BodyScreen(exchange, scans, decompression, observe);
}

/** Answers a request that was stopped on its way. */
export async function refuseLate(exchange: Exchange, code: LateRefusal, parts: PipelineParts): Promise<void> {
  try {
    if (await isUnreadableLimited(exchange, parts)) return;
    exchange.answer(code);
    parts.observe.answered(exchange, code);
  } catch (error) {
    parts.observe.answered(exchange, exchange.refuse(error));
  }
}
