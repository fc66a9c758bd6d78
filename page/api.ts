// The server of the page: its datasets, a dataset's config, and whether it requires a client key.

import { CredveilError } from '../protocol/errors.ts';
import { parseServiceConfig, type ServiceConfig } from '../protocol/service-config.ts';
import type { ServiceStatus } from '../protocol/service-status.ts';
import { formatCounted } from './dom.ts';
import type { Traffic } from './traffic.ts';

export type PageErrorCode = 'SERVER_UNREACHABLE' | 'CLIENT_KEY_WANTED' | 'CLIENT_KEY_UNKNOWN' | 'SERVER_REFUSED';

/** The server gave the page no usable answer. Message and hint are shown to the user. */
export class PageError extends CredveilError<PageErrorCode> {
  override name = 'PageError';
}

export interface ServedDataset {
  readonly dataset: string;
  readonly suite: string;
  /** Ends in a slash. */
  readonly url: URL;
}

/** A proxy may serve the page under another path, so every request is relative to the page. */
const BASE = new URL('.', document.baseURI);

const GET_KEY = 'Paste the key that its operator gave you.';

async function getJson(traffic: Traffic, url: URL): Promise<unknown> {
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
  return response.json();
}

/** The first is the server's default dataset. */
export async function listDatasets(traffic: Traffic): Promise<ServedDataset[]> {
  const listed = (await getJson(traffic, new URL('v1/datasets', BASE))) as { dataset: string; suite: string }[];
  return listed.map(({ dataset, suite }, i) => ({
    dataset,
    suite,
    url: i === 0 ? BASE : new URL(`d/${dataset}/`, BASE),
  }));
}

export async function getConfig(traffic: Traffic, { url }: ServedDataset): Promise<ServiceConfig> {
  return parseServiceConfig(await getJson(traffic, new URL('v1/config', url)));
}

export async function getStatus(traffic: Traffic, { url }: ServedDataset): Promise<ServiceStatus> {
  return (await getJson(traffic, new URL('v1/status', url))) as ServiceStatus;
}
