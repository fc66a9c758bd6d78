// Fronts: HTTP servers of one test, between a checker and the real service.

import type { IncomingMessage } from 'node:http';
import { type Answer, type Handle, type HttpFront, send, startFront } from './http-front.ts';

export interface Fronts {
  /** Starts a server whose responses come from `handle`. */
  front(handle: Handle): Promise<HttpFront>;
  /** Starts a server that forwards requests to the real service; `change` alters the response. */
  spoil(change?: (answer: Answer, url: string) => void): Promise<HttpFront>;
  /** Closes every front started so far. */
  closeFronts(): Promise<void>;
}

/** @param forward sends a request to the real service */
export function createFronts(forward: (request: IncomingMessage) => Promise<Answer>): Fronts {
  const fronts: HttpFront[] = [];
  const front = async (handle: Handle): Promise<HttpFront> => {
    const started = await startFront(handle);
    fronts.push(started);
    return started;
  };
  return {
    front,
    spoil: (change = () => undefined) =>
      front(async (request, response) => {
        const answer = await forward(request);
        change(answer, request.url ?? '');
        send(response, answer);
      }),
    closeFronts: async () => {
      for (const started of fronts.splice(0)) await started.close();
    },
  };
}
