// What a server publishes, read without verifying it.

import type { SnapshotId } from '../../../protocol/brands.ts';
import { decodeEnvelope, STATEMENT_KIND } from '../../../protocol/signed/envelope.ts';
import { decodeHead, headSnapshotId } from '../../../protocol/signed/head.ts';
import { type Layer, parseStatement, type Statement } from '../../../protocol/signed/statement.ts';

export interface PublishedNow {
  readonly snapshot: SnapshotId;
  readonly statement: Statement;
  readonly layer: Layer;
}

/** @param url of a server, or of one of its datasets */
export async function fetchPublished(url: string): Promise<PublishedNow> {
  const get = async (path: string): Promise<Uint8Array> =>
    new Uint8Array(await (await fetch(url + path)).arrayBuffer());
  const snapshot = headSnapshotId(decodeHead(await get('/v1/head')).head);
  const statement = parseStatement(decodeEnvelope(STATEMENT_KIND, await get(`/v1/statement/${snapshot}`)).payload);
  return { snapshot, statement, layer: statement.layers[0] };
}
