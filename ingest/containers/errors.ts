// The error class of ingest/containers/.

import { CredveilError } from '../../protocol/errors.ts';

export type ContainerErrorCode =
  | 'CONTAINER_CORRUPT'
  | 'CONTAINER_ENCRYPTED'
  | 'CONTAINER_UNSUPPORTED'
  | 'CONTAINER_RATIO'
  | 'CONTAINER_DEPTH'
  | 'CONTAINER_ENTRIES';

/** An archive or compressed file cannot be read to its end. The dataset is unchanged. */
export class ContainerError extends CredveilError<ContainerErrorCode> {
  override name = 'ContainerError';
}

export function corruptContainer(kind: string, cause?: unknown): ContainerError {
  return new ContainerError(
    'CONTAINER_CORRUPT',
    `the ${kind} stream is truncated or damaged`,
    'Download the file again, or recover what you can with its own tool and ingest the result.',
    { cause },
  );
}
