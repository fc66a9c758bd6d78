// The base class of all errors, and the error class of protocol/.

/** What went wrong, why, and what to do next. Never contains a user's data, a key or a prefix. */
export class CredveilError<Code extends string = string> extends Error {
  /** One of a closed set for each subclass: programs switch on it. */
  readonly code: Code;
  /** One sentence: the next step for a person. */
  readonly hint: string;

  constructor(code: Code, message: string, hint: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }
}

/**
 * Makes `instanceof` hold across copies of a class. A process that imports and requires one
 * package, or bundles it twice, has a copy for each.
 */
export function shareInstances(errorClass: { readonly prototype: Error }, name: string): void {
  const brand = Symbol.for(`credveil.${name}`);
  Object.defineProperty(errorClass.prototype, brand, { value: true });
  Object.defineProperty(errorClass, Symbol.hasInstance, {
    value: (value: unknown) => typeof value === 'object' && value !== null && brand in value,
  });
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
  | 'STATEMENT_MALFORMED'
  | 'STATEMENT_UNSUPPORTED'
  | 'STATEMENT_FORGED'
  | 'HEAD_MALFORMED'
  | 'HEAD_UNSUPPORTED'
  | 'HEAD_FORGED'
  | 'SOURCES_MALFORMED'
  | 'FILTER_MALFORMED'
  | 'FILTER_FORGED'
  | 'ELEMENT_LENGTH'
  | 'ELEMENT_IDENTITY'
  | 'ELEMENT_NOT_CANONICAL'
  | 'SCALAR_MALFORMED'
  | 'PROOF_INVALID'
  | 'EVALUATION_WRONG'
  | 'MESSAGE_MALFORMED';

/** A value that violates PROTOCOL.md, or a body that was altered in transit. */
export class ProtocolError extends CredveilError<ProtocolErrorCode> {
  override name = 'ProtocolError';
  static {
    shareInstances(ProtocolError, 'ProtocolError');
  }
}
