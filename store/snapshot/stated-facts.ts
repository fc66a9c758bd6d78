// From facts to a statement: its payload, its files, and the facts that name it; and whether a
// statement says what the facts say. PROTOCOL.md §10.

import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { SealKey } from '../../protocol/brands.ts';
import type { Signer } from '../../protocol/signed/envelope.ts';
import { type Head, headSnapshotId } from '../../protocol/signed/head.ts';
import { formatTime } from '../../protocol/signed/members.ts';
import {
  type DelegatedKey,
  encodeStatement,
  type Layer,
  type Layers,
  PROTOCOL_VERSION,
  parseLayers,
  payloadDigest,
  type Statement,
  snapshotIdOf,
} from '../../protocol/signed/statement.ts';
import type { Dataset } from '../dataset.ts';
import { type CurrentSnapshot, openCurrent } from './current.ts';
import type { SnapshotFacts, SourceFacts } from './layout/snapshot-facts.ts';
import { encodeSources, readStatement, type StatementFile, writeHead, writeStatement } from './statement-files.ts';

/** Facts whose statement is not made yet. */
export type StatedFacts = Omit<SnapshotFacts, 'snapshot' | 'statement'>;

/** The current snapshot, and what its publisher said of it. */
export interface StatedSnapshot extends CurrentSnapshot {
  readonly stated: StatementFile;
}

/**
 * Undefined before the first publish.
 * @throws StoreError `SNAPSHOT_CORRUPT`, `STATEMENT_CORRUPT`
 */
export function openStated(dataset: Dataset, sealKey: SealKey): StatedSnapshot | undefined {
  const current = openCurrent(dataset);
  return current && { ...current, stated: readStatement(dataset, current.name, sealKey) };
}

/**
 * Whether a statement says of the layers what the facts say, for which nobody vouches: ids, roots,
 * lengths and filters.
 */
function statesLayers({ facts, stated }: Pick<StatedSnapshot, 'facts' | 'stated'>): boolean {
  const layers: unknown = JSON.parse(JSON.stringify(layersToState(facts)));
  return stated.sha256 === facts.statement && isDeepStrictEqual(parseLayers(layers, 'layers'), stated.statement.layers);
}

/**
 * Whether the facts, for which nobody vouches, say what a statement says: of the layers, and of the
 * snapshot, its sources and the key.
 */
export function areStated(snapshot: Pick<StatedSnapshot, 'facts' | 'stated'>): boolean {
  const { facts, stated } = snapshot;
  const { statement, sha256 } = stated;
  const said = ({ dataset, suite, normalization, usernameRules, keyId, publicKey, canary }: Said) =>
    JSON.parse(JSON.stringify({ dataset, suite, normalization, usernameRules, keyId, publicKey, canary }));
  return (
    statesLayers(snapshot) &&
    facts.snapshot === headSnapshotId({ sequence: statement.sequence, statement: sha256 }) &&
    isDeepStrictEqual(said(facts), said(statement)) &&
    isDeepStrictEqual(describeSources(facts.sources), statement.sources)
  );
}

type Said = Pick<Statement, 'dataset' | 'suite' | 'normalization' | 'usernameRules' | 'keyId' | 'publicKey' | 'canary'>;

export interface StatementOptions {
  readonly signer: Signer;
  readonly sequence: number;
  readonly minSequence: number;
  readonly now: number;
  readonly headKeys?: readonly DelegatedKey[];
  readonly headLifeMs?: number;
}

/** With figures that no client needs. */
function layersToState(facts: StatedFacts): Layer[] {
  return (facts.layers ?? [facts]).map(({ layer, indexes, filter }) => ({
    ...{ id: layer, indexes },
    ...(facts.similar && { similar: facts.similar }),
    ...(filter && { filter }),
  }));
}

function describeSources(sources: readonly SourceFacts[]): Statement['sources'] {
  const list = encodeSources(sources);
  return { sha256: createHash('sha256').update(list).digest('hex'), bytes: list.length };
}

function describeStatement(
  { parameters }: Dataset,
  facts: StatedFacts,
  { sequence, minSequence, now, headKeys }: StatementOptions,
): Statement {
  const { dataset, suite, normalization, usernameRules, keyId, publicKey, sources, canary } = facts;
  return {
    protocol: PROTOCOL_VERSION,
    ...{ dataset, sequence, minSequence, suite, normalization, keyId },
    ...(usernameRules && { usernameRules }),
    ...(publicKey !== undefined && { publicKey }),
    auth: parameters.auth,
    publishedAt: formatTime(now),
    layers: layersToState(facts) as unknown as Layers,
    sources: describeSources(sources),
    canary,
    ...(headKeys && { headKeys }),
  };
}

/**
 * Writes statement and head of a snapshot that is not current yet.
 * @returns its facts and its head
 */
export function writeStated(
  dataset: Dataset,
  name: string,
  facts: StatedFacts,
  options: StatementOptions,
): { facts: SnapshotFacts; head: Head } {
  const { signer, headLifeMs, now } = options;
  const statement = describeStatement(dataset, facts, options);
  const payload = encodeStatement(statement);
  writeStatement(dataset, name, payload, signer);
  const sha256 = payloadDigest(payload);
  const head = writeHead(dataset, name, { statement, sha256 }, signer, headLifeMs, now);
  return { facts: { ...facts, snapshot: snapshotIdOf(statement, payload), statement: sha256 }, head };
}
