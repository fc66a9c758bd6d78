// The month of a leak, as the name of its file or source has it.

const MONTH_IN_NAME = /(?:^|\D)((?:19|20)\d{2}-(?:0[1-9]|1[0-2]))(?!\d)/;

/** Of `collection-2024-05.txt`, 2024-05. */
export const monthInName = (name: string): string | undefined => MONTH_IN_NAME.exec(name)?.[1];
