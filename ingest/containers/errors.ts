// The error class of ingest/containers/.

import { CredveilError } from '../../protocol/errors.ts';

export type ContainerErrorCode =
  | 'CONTAINER_CORRUPT'
  | 'CONTAINER_ENCRYPTED'
  | 'CONTAINER_UNSUPPORTED'
  | 'CONTAINER_RATIO'
  | 'CONTAINER_DEPTH'
  | 'CONTAINER_ENTRIES';

/** An archive or compressed file that cannot be read to its end. Nothing was changed in the dataset. */
export class ContainerError extends CredveilError<ContainerErrorCode> {
  override name = 'ContainerError';
}

export function corruptContainer(kind: string, cause?: unknown): ContainerError {
  return new ContainerError(
    'CONTAINER_CORRUPT',
    `the ${kind} stream is truncated or damaged`,
    'Fetch the file again, or unpack what is left of it with its own tool and ingest that.',
    { cause },
  );
}
