// Paths of the gateway itself, at each host of an application.

export const OWN_PATH = '/.credveil/';

/** Nothing below it reaches an application. */
export const isOwnPath = (path: string): boolean => path.startsWith(OWN_PATH);
