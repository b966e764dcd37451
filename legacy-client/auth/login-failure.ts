/** A login that did not come about; the message says why and holds no secret. */
export class LoginFailure extends Error {
  override readonly name = 'LoginFailure';
}

/** The password itself was refused: each further try may count towards locking the account. */
export class RefusedPassword extends LoginFailure {}
