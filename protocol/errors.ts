// The error class of protocol/, shared in shape by every other area.

/** What went wrong, why, and what to do about it. Never holds a user's data, a key or a prefix. */
export class CredveilError<Code extends string = string> extends Error {
  /** Closed set per subclass: what a program may switch on. */
  readonly code: Code;
  /** One sentence that says what to do next. */
  readonly hint: string;

  constructor(code: Code, message: string, hint: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }
}

export type ProtocolErrorCode =
  | 'FIELD_TOO_LONG'
  | 'KEY_MALFORMED'
  | 'TIMES_OUT_OF_RANGE'
  | 'PREFIX_MALFORMED'
  | 'TAGS_NOT_ASCENDING'
  | 'BUCKET_TOO_LARGE'
  | 'BUCKET_MALFORMED'
  | 'BUCKET_FORGED'
  | 'CONFIG_MALFORMED'
  | 'CONFIG_UNSUPPORTED'
  | 'CONFIG_FORGED'
  | 'FILTER_MALFORMED'
  | 'FILTER_FORGED'
  | 'ELEMENT_LENGTH'
  | 'ELEMENT_IDENTITY'
  | 'ELEMENT_NOT_CANONICAL'
  | 'SCALAR_MALFORMED'
  | 'PROOF_INVALID'
  | 'MESSAGE_MALFORMED';

/** A value that does not follow PROTOCOL.md, or a body that was altered on its way. */
export class ProtocolError extends CredveilError<ProtocolErrorCode> {
  override name = 'ProtocolError';
}
