// An address to listen on, as the schema has checked it.

import { parseHostPort } from '../../runtime/config/host-port.ts';

/** `:PORT` is of every address of the machine. */
export const parseListen = (address: string) => parseHostPort(address, '::');
