// The beginning of a request's body, as far as it is wanted; most bodies end before.

import type { IncomingMessage, ServerResponse } from 'node:http';

export interface Content {
  readonly bytes: Buffer;
  /** Whether the bytes are all. Otherwise the message is paused, and the rest still to come. */
  readonly isWhole: boolean;
}

/** @returns undefined if the client leaves before the end */
export function collectBody(
  message: IncomingMessage,
  response: ServerResponse,
  maxBytes: number,
): Promise<Content | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const finish = (content: Content | undefined): void => {
      message.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      response.off('close', onClose);
      resolve(content);
    };
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      length += chunk.length;
      if (length <= maxBytes) return;
      message.pause();
      finish({ bytes: Buffer.concat(chunks), isWhole: false });
    };
    const onEnd = (): void => {
      // node:http2 ends the body of a stream that was reset as if it were whole.
      const isWhole = message.complete && !message.aborted;
      finish(isWhole ? { bytes: Buffer.concat(chunks), isWhole } : undefined);
    };
    const onClose = (): void => finish(undefined);
    // Whoever goes on with the message has its errors.
    message.on('error', () => undefined);
    message.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
    response.on('close', onClose);
  });
}
