// The platform's HMAC for protocol/seal.ts.

import { createHmac } from 'node:crypto';
import type { HmacSha256 } from '../../../protocol/seal.ts';

export const nodeHmacSha256: HmacSha256 = (key, message) => createHmac('sha256', key).update(message).digest();
