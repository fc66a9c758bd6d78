// A mistake in a configuration, with its place.

/** A mistake in the file. Lines and columns count from 1. No text of it repeats a value. */
export interface ConfigFault {
  readonly line: number;
  readonly column: number;
  /** The key, as in `apps.blog.example.com.to`. */
  readonly key: string;
  readonly message: string;
  /** What to do, if the message is not enough. */
  readonly hint?: string;
  /** Lines that show the place in a rule. */
  readonly excerpt?: string;
}

export type Path = readonly PropertyKey[];

/** A mistake before its line is known. */
export interface Conflict extends Pick<ConfigFault, 'message' | 'hint' | 'excerpt'> {
  readonly path: Path;
  /** Whether its place is the key's, or that of the value. Default: true. */
  readonly isOfKey?: boolean;
}
