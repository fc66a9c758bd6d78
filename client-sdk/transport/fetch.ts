// What is used of the platform's fetch. A program may bring another one that does as much.

export type AnswerHeaders = Pick<Headers, 'get'>;
export type BodyReader = Pick<ReadableStreamDefaultReader<Uint8Array>, 'read' | 'cancel'>;

export interface FetchAnswer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly body: { getReader(): BodyReader; cancel(): Promise<void> } | null;
}

export interface FetchInit {
  readonly headers: Readonly<Record<string, string>>;
  /** Default: GET. */
  readonly method?: 'POST';
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly signal: AbortSignal;
  /** A redirect would send prefix and headers to a host that the caller did not name. */
  readonly redirect: 'error';
  readonly credentials: 'omit';
  readonly referrerPolicy: 'no-referrer';
}

export type Fetch = (url: string, init: FetchInit) => Promise<FetchAnswer>;
