// Matchers for the product's errors: their class and their code.

import { expect } from 'vitest';

const coded =
  (name: string) =>
  (code: string): Error =>
    expect.objectContaining({ name, code });

export const protocolError = coded('ProtocolError');
export const storeError = coded('StoreError');
