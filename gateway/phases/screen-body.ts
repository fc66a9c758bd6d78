// Of a body that is too long to be read before it is forwarded, the rest is looked through on its
// way: the application never gets a login to its end that was not read.

import type { Exchange } from '../exchange.ts';
import type { BodyScan } from '../login/body/body-scan.ts';
import { BodyDecoder, type DecodingFault, type Decompression } from '../login/body/decompress.ts';
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

const FOUND_LATE: Reason = { code: 'LOGIN_TOO_LARGE', why: 'it has its password behind more than a login needs' };
const FOUND_INSIDE: Reason = { code: 'LOGIN_UNREADABLE', why: 'it is compressed in more than one member, or oddly' };
const FAULTS: Readonly<Record<DecodingFault, Reason>> = {
  endless: { code: 'LOGIN_TOO_LARGE', why: 'it decompresses to more than can be looked through' },
  malformed: { code: 'LOGIN_UNREADABLE', why: 'it cannot be decompressed' },
  full: { code: 'OVERLOADED', why: 'there is no room to decompress it' },
};
const TOO_DEAR: Reason = { code: 'OVERLOADED', why: 'what its client sends takes long to look through' };

/** Of a body whose beginning was read. */
export interface ScreenOptions {
  readonly scans: readonly LoginScan[];
  readonly decompression: Decompression | undefined;
  readonly isLong: boolean;
  /** Makes room for what decoding keeps. @returns false if there is none */
  readonly hold: (bytes: number) => boolean;
}

export class BodyScreen implements Screen {
  readonly #exchange: Exchange;
  readonly #options: ScreenOptions;
  readonly #parts: PipelineParts;
  readonly #decoder: BodyDecoder | undefined;
  #reason: Reason | undefined;
  #onStop = (_: LateRefusal): void => undefined;

  constructor(exchange: Exchange, options: ScreenOptions, parts: PipelineParts) {
    this.#exchange = exchange;
    this.#options = options;
    this.#parts = parts;
    const { decompression, hold } = options;
    if (!decompression) return;
    const onPiece = (piece: Buffer): void => this.#look(piece, ({ scanInside }) => scanInside);
    const decoder = new BodyDecoder(decompression, onPiece, hold);
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
    this.#look(piece, ({ scan }) => scan);
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
    if (fault) this.#stop(this.#options.scans[0], FAULTS[fault]);
  };

  #look(piece: Buffer, scanOf: (scan: LoginScan) => BodyScan | undefined): void {
    if (this.#reason) return;
    const { scans, isLong } = this.#options;
    const { scanCosts } = this.#parts;
    const found = scanCosts.measure(this.#exchange.party, piece.length, () =>
      scans.find((scan) => scanOf(scan)?.push(piece)),
    );
    if (found) this.#stop(found, isLong ? FOUND_LATE : FOUND_INSIDE);
    else if (scanCosts.isSpent(this.#exchange.party)) this.#stop(scans[0], TOO_DEAR);
  }

  #stop(found: LoginScan | undefined, reason: Reason): void {
    if (!found || this.#reason) return;
    this.#reason = reason;
    this.#parts.observe.unreadable(this.#exchange, found.login.name, reason.why, this.#isPassed);
    if (!this.#isPassed) this.#onStop(reason.code);
  }
}

/** @returns undefined if all was read that has to be */
export function screenOf(
  exchange: Exchange,
  reading: LoginReading,
  parts: PipelineParts,
  { config: { limits } }: GatewaySetup,
): BodyScreen | undefined {
  if (reading.kind !== 'none' || reading.scans.length === 0) return undefined;
  const { scans, decompression, isLong } = reading;
  const hold = (bytes: number): boolean => parts.budget.hold(exchange.response, bytes, limits.maxBufferedBytes);
  return new BodyScreen(exchange, { scans, decompression, isLong, hold }, parts);
}

/** Answers a request that was stopped on its way. */
export async function refuseLate(exchange: Exchange, code: LateRefusal, parts: PipelineParts): Promise<void> {
  try {
    if (code !== 'OVERLOADED' && (await isUnreadableLimited(exchange, parts))) return;
    exchange.answer(code);
    parts.observe.answered(exchange, code);
  } catch (error) {
    parts.observe.answered(exchange, exchange.refuse(error));
  }
}
