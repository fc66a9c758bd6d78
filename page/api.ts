// The server of the page: its datasets, what they publish, and whether it requires a client key.

import { hexToBytes } from '@noble/hashes/utils.js';
import type { DatasetId, PublisherKey } from '../protocol/brands.ts';
import { CredveilError } from '../protocol/errors.ts';
import type { ServiceStatus } from '../protocol/service-status.ts';
import { decodeHead, headSnapshotId } from '../protocol/signed/head.ts';
import { formatTrust } from '../protocol/signed/trust.ts';
import { formatCounted } from './dom.ts';
import { type Published, readPublished } from './published.ts';
import type { Traffic } from './traffic.ts';

export type PageErrorCode = 'SERVER_UNREACHABLE' | 'CLIENT_KEY_WANTED' | 'CLIENT_KEY_UNKNOWN' | 'SERVER_REFUSED';

/** The server gave the page no usable answer. Message and hint are shown to the user. */
export class PageError extends CredveilError<PageErrorCode> {
  override name = 'PageError';
}

export interface ServedDataset {
  readonly dataset: DatasetId;
  readonly suite: string;
  /**
   * The publisher's line, of a signed dataset only. A real client is given it, and does not ask the
   * server for it.
   */
  readonly trust?: string;
  /** Ends in a slash. */
  readonly url: URL;
}

/** The publisher's key has 64 hex digits. */
interface ListedDataset {
  readonly dataset: DatasetId;
  readonly suite: string;
  readonly publisher?: string;
}

/** A proxy may serve the page under another path, so every request is relative to the page. */
const BASE = new URL('.', document.baseURI);

const GET_KEY = 'Paste the key that its operator gave you.';

async function get(traffic: Traffic, url: URL): Promise<Response> {
  let response: Response;
  try {
    response = await traffic.fetch(url, { credentials: 'omit', redirect: 'error' });
  } catch (cause) {
    throw new PageError('SERVER_UNREACHABLE', 'The server cannot be reached.', 'Check that it runs, then try again.', {
      cause,
    });
  }
  if (response.status === 401)
    throw traffic.clientKey
      ? new PageError('CLIENT_KEY_UNKNOWN', 'The server does not know this client key.', GET_KEY)
      : new PageError('CLIENT_KEY_WANTED', 'This server answers registered clients only.', GET_KEY);
  if (response.status === 429) {
    const seconds = Number(response.headers.get('retry-after')) || 60;
    throw new PageError(
      'SERVER_REFUSED',
      'The server has had too many requests.',
      `Try again in ${formatCounted(seconds, 'second')}.`,
    );
  }
  if (!response.ok)
    throw new PageError(
      'SERVER_REFUSED',
      `The server refused to answer (status ${response.status}).`,
      'Ask its operator.',
    );
  return response;
}

async function getBytes(traffic: Traffic, url: URL): Promise<Uint8Array> {
  return new Uint8Array(await (await get(traffic, url)).arrayBuffer());
}

async function getJson(traffic: Traffic, url: URL): Promise<unknown> {
  return (await get(traffic, url)).json();
}

/** The first is the server's default dataset. */
export async function listDatasets(traffic: Traffic): Promise<ServedDataset[]> {
  const listed = (await getJson(traffic, new URL('v1/datasets', BASE))) as ListedDataset[];
  return listed.map(({ dataset, suite, publisher }, i) => ({
    dataset,
    suite,
    ...(publisher !== undefined && {
      trust: formatTrust({ dataset, publisher: hexToBytes(publisher) as PublisherKey }),
    }),
    url: i === 0 ? BASE : new URL(`d/${dataset}/`, BASE),
  }));
}

export async function getPublished(traffic: Traffic, { url }: ServedDataset): Promise<Published> {
  const { head } = decodeHead(await getBytes(traffic, new URL('v1/head', url)));
  return readPublished(await getBytes(traffic, new URL(`v1/statement/${headSnapshotId(head)}`, url)));
}

export async function getStatus(traffic: Traffic, { url }: ServedDataset): Promise<ServiceStatus> {
  return (await getJson(traffic, new URL('v1/status', url))) as ServiceStatus;
}
