// Where filters of the password index come from: the service, a file, or the caller's own bytes.

/** A filter that is about to be read. */
export interface OpenedFilter {
  /** Another text for another filter. */
  readonly version: string;
  /** The file, in the order of its bytes. */
  readonly pieces: AsyncIterable<Uint8Array>;
}

export interface FilterSource {
  /**
   * Opens the filter that is there now.
   * @param heldVersion that of the filter that the checker holds
   * @returns undefined where it is that one still
   */
  open(heldVersion: string | undefined): Promise<OpenedFilter | undefined>;
}

/** The same filter for as long as the checker lives. */
export function createBytesSource(bytes: Uint8Array): FilterSource {
  const version = 'bytes';
  return {
    open: async (heldVersion) => (heldVersion === version ? undefined : { version, pieces: slices(bytes) }),
  };
}

const SLICE_BYTES = 2 ** 20;

async function* slices(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) yield bytes.subarray(at, at + SLICE_BYTES);
}
