/** A value, filter or query that a dialect cannot spell. The client throws it as `LegacyRequestError`. */
export class UnsendableError extends Error {
  override readonly name = 'UnsendableError';
}

/** An answer that a dialect cannot read. The client throws it as `LegacyResponseError`. */
export class MalformedAnswerError extends Error {
  override readonly name = 'MalformedAnswerError';
}
