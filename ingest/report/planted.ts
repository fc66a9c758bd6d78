// The accounts that an operator planted in its own user table, as a corpus holds them.

/** How often planted accounts were seen, by id. */
export interface PlantedCounts {
  readonly [id: string]: {
    /** Credentials with the name. */
    readonly names: number;
    /** Those that have the planted password too. */
    readonly pairs: number;
  };
}
