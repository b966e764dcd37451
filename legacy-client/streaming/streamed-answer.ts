import { BodySieve, type TakePart } from './body-sieve';

/** An answer of which parts are taken while it arrives. */
export class StreamedAnswer {
  #onWait: () => void = () => undefined;

  constructor(private readonly takePart: TakePart) {}

  /** Begin to send its request; kept when the answer has to wait for the one who takes its parts. */
  begin(): Promise<void> {
    return new Promise((resolve) => {
      this.#onWait = resolve;
    });
  }

  /** What reads one answer to the request. */
  sieve(): BodySieve {
    return new BodySieve((part) => {
      this.#onWait();
      return this.takePart(part);
    });
  }
}
