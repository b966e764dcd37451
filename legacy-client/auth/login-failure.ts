/** A login that did not come about; the message says why and holds no secret. */
export class LoginFailure extends Error {
  override readonly name = 'LoginFailure';
}
