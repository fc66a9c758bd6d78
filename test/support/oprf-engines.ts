// Both implementations of RFC 9497, and helpers to compare their results and errors.

import fs from 'node:fs';
import { createSodiumOprf } from '../../accel/oprf-sodium.ts';
import { CredveilError } from '../../protocol/errors.ts';
import { createNobleOprf, type Oprf, type OprfMode } from '../../protocol/oprf.ts';
import { fixture } from './paths.ts';

export interface Engines {
  readonly noble: Oprf;
  readonly libsodium: Oprf;
}

export async function createEngines(mode: OprfMode): Promise<Engines> {
  return { noble: createNobleOprf(mode), libsodium: await createSodiumOprf(mode) };
}

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const fromHex = <T extends Uint8Array>(hex: string): T => Uint8Array.from(Buffer.from(hex, 'hex')) as T;

export function readVectors(name: string): unknown {
  return JSON.parse(fs.readFileSync(fixture('vectors', name), 'utf8'));
}

/** The outcome of a call: its value as text, or its error's code. */
export function outcome(call: () => unknown): string {
  try {
    return (
      JSON.stringify(call(), (_, value: unknown) => (value instanceof Uint8Array ? toHex(value) : value)) ?? 'done'
    );
  } catch (error) {
    if (error instanceof CredveilError) return error.code;
    throw error;
  }
}
