// The worked examples of PROTOCOL.md for the `oprf` suite, §15 and §16.

import { createNobleGroup } from '../../../client-sdk/oprf/noble-group.ts';
import type { BlindedElement, BlindScalar, NormalizedUsername, PrivateInput } from '../../../protocol/brands.ts';
import { bucketId } from '../../../protocol/bucket-id.ts';
import { entryTag, formatTag } from '../../../protocol/entry.ts';
import { formatOprfKey, formatPublicKey } from '../../../protocol/keys.ts';
import { linearCheckElement } from '../../../protocol/linear-check.ts';
import { createNobleOprf, parseScalar } from '../../../protocol/oprf.ts';
import {
  encodeElementsRequest,
  encodeEvaluateResponse,
  encodeLookupRequest,
  encodeLookupResponse,
  encodeProveResponse,
} from '../../../protocol/oprf-messages.ts';
import { createOprfSuite, KEY_INFO } from '../../../protocol/oprf-suite.ts';
import { knownAnswer } from '../../../protocol/test-credentials.ts';

export type Rows = [string, string][];

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const fromHex = <T extends Uint8Array>(hex: string): T => Uint8Array.from(Buffer.from(hex, 'hex')) as T;
export const hashHex = (hash: number): string => hash.toString(16).padStart(8, '0');

/** The given examples, from which the others are computed. */
export const GIVEN_OPRF = [
  'oprf.seed',
  'oprf.blind',
  'oprf.proof.r',
  'oprf.check.weight',
  'oprf.check.scalar',
] as const;

export function computeOprfExamples(
  given: (name: (typeof GIVEN_OPRF)[number]) => string,
  input: PrivateInput,
  username: NormalizedUsername,
  prefixBits: number,
): Rows {
  const oprf = createNobleOprf();
  const keys = oprf.deriveKeyPair(fromHex(given('oprf.seed')), KEY_INFO);
  const { secretKey, publicKey } = keys;
  const suite = createOprfSuite(publicKey);
  const { blindedElement } = oprf.blind(input, parseScalar(fromHex(given('oprf.blind'))));
  const group = createNobleGroup(publicKey);
  const secrets = {
    weights: [fromHex(given('oprf.check.weight'))],
    scalar: parseScalar<BlindScalar>(fromHex(given('oprf.check.scalar'))),
  };
  const check = linearCheckElement(group, secrets, [group.decode(blindedElement)]);
  const blindedElements = [blindedElement, group.encode(check) as BlindedElement];
  const evaluatedElements = oprf.blindEvaluate(secretKey, blindedElements);
  const proof = oprf.prove(keys, [blindedElement], parseScalar(fromHex(given('oprf.proof.r'))));
  const output = oprf.evaluate(secretKey, input);
  const canary = knownAnswer({ ...suite, evaluate: (canaryInput) => oprf.evaluate(secretKey, canaryInput) });
  const id = bucketId(suite.accountBucketHash(username), prefixBits);
  const one = littleEndianOne();
  return [
    ['oprf.keyText', formatOprfKey(secretKey, publicKey)],
    ['oprf.publicKeyText', formatPublicKey(publicKey)],
    ['oprf.secretKey', toHex(secretKey)],
    ['oprf.publicKey', toHex(publicKey)],
    ['oprf.keyId', suite.keyId],
    ['oprf.sealKey', toHex(suite.sealKey)],
    ['oprf.accountHash', hashHex(suite.accountBucketHash(username))],
    ['oprf.inputElement', toHex(oprf.blind(input, one).blindedElement)],
    ['oprf.blindedElement', toHex(blindedElement)],
    ['oprf.evaluatedElement', evaluatedElements.map(toHex)[0] ?? ''],
    ['oprf.pairOutput', toHex(output)],
    ['oprf.pairTag', formatTag(entryTag(output))],
    ['oprf.pairSeed', toHex(output.subarray(6, 14))],
    ['oprf.canary.accountHash', canary.accountHash],
    ['oprf.canary.tag', canary.tag],
    ['oprf.proof', toHex(proof)],
    ['oprf.bucketId', `${id}`],
    ['oprf.check.element', toHex(group.encode(check))],
    ['oprf.check.evaluatedElement', evaluatedElements.map(toHex)[1] ?? ''],
    ['oprf.evaluateRequest', toHex(encodeElementsRequest(blindedElements))],
    ['oprf.evaluateResponse', toHex(encodeEvaluateResponse(evaluatedElements))],
    ['oprf.proveResponse', toHex(encodeProveResponse(proof))],
    ['oprf.lookupRequest', toHex(encodeLookupRequest({ bucketId: id, blindedElements }))],
    ['oprf.lookupResponse', toHex(encodeLookupResponse({ evaluatedElements, body: new Uint8Array(0) }))],
  ];
}

/** The blind that hides nothing: the blinded element equals the input's element. */
function littleEndianOne(): BlindScalar {
  const one = new Uint8Array(32);
  one[0] = 1;
  return one as BlindScalar;
}
