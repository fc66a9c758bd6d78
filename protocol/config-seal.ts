// The seal of /v1/config. Without the seal key nobody can remove an index, which would hide a
// leaked pair, or redirect a client to other buckets. PROTOCOL.md §10.
//
//   seal = HMAC-SHA-256(sealKey, "credveil config 1" ‖ JSON)[0..16], in hex
//
// JSON has no white space, and its indexes are in the order of IndexNumber:
//
//   [protocol, suite, normalization, dataset, keyId, publicKey or null, snapshot, layer,
//    [[index, prefixBits, metadataBytes, bodyBytes, root or null], …],
//    [[number, name, date or null], …],
//    [accountHash, tag]]
//
// If `similar` is true, the element "similar" follows; if there is a filter, the element
// ["filter", bytes] follows.

import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { SealKey } from './brands.ts';
import { INDEX_NAMES } from './bucket-id.ts';
import { equalBytes } from './bytes.ts';
import { ProtocolError } from './errors.ts';
import { nobleHmacSha256, SEAL_BYTES } from './seal.ts';
import type { ServiceConfig } from './service-config.ts';

const LABEL = utf8ToBytes('credveil config 1');

/** @returns 32 hex digits */
export function computeConfigSeal(config: Omit<ServiceConfig, 'seal'>, key: SealKey): string {
  const { protocol, suite, normalization, dataset, keyId, publicKey, snapshot, layer } = config;
  const { canary, similar, filter } = config;
  const indexes = INDEX_NAMES.flatMap((name) => {
    const index = config.indexes[name];
    return index ? [[name, index.prefixBits, index.metadataBytes, index.bodyBytes, index.root ?? null]] : [];
  });
  const sources = config.sources.map(({ number, name, date }) => [number, name, date ?? null]);
  const known = [canary.accountHash, canary.tag];
  const text = JSON.stringify([
    protocol,
    suite,
    normalization,
    dataset,
    keyId,
    publicKey ?? null,
    snapshot,
    layer,
    indexes,
    sources,
    known,
    ...(similar ? ['similar'] : []),
    ...(filter ? [['filter', filter.bytes]] : []),
  ]);
  return bytesToHex(nobleHmacSha256(key, concatBytes(LABEL, utf8ToBytes(text))).subarray(0, SEAL_BYTES));
}

/** Compares the config's seal in constant time. @throws ProtocolError `CONFIG_FORGED` */
export function assertConfigSeal(config: ServiceConfig, key: SealKey): void {
  if (!equalBytes(utf8ToBytes(config.seal), utf8ToBytes(computeConfigSeal(config, key))))
    throw new ProtocolError(
      'CONFIG_FORGED',
      'the seal of the config does not match this key',
      'Something between the publisher and this process altered it; compare it with the dataset.',
    );
}
