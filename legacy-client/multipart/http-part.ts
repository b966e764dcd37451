/** A request inside a multipart body. */
export interface HttpRequestPart {
  /** Names the request among those of its changeset, and is repeated by the answer to it. */
  readonly contentId?: string;
  /** As it stands in the request line: `MERGE` is a method here, no header. */
  readonly method: string;
  /** Absolute, or relative to the service root; encoded. */
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

/** One member of a batch: a request by itself, or several that are applied together or not at all. */
export type BatchMember = HttpRequestPart | { readonly changeset: readonly HttpRequestPart[] };

/** An HTTP answer inside a multipart body. */
export interface HttpAnswerPart {
  /** As the request had it; undefined where the server left it out. */
  readonly contentId: string | undefined;
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}
