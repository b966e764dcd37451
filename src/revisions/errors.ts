/** What cannot be done with revisions and versions, and what to do instead. */
export class RevisionError extends Error {
  /** The model's name, where one is concerned. */
  readonly model?: string;
  /** The record's primary key as text, where one is concerned. */
  readonly key?: string;

  constructor(message: string, record?: { readonly model: string; readonly key?: string }) {
    const subject = [record?.model, record?.key].filter((part) => part !== undefined).join(' ');
    super(subject ? `[${subject}] ${message}` : message);
    this.name = 'RevisionError';
    this.model = record?.model;
    this.key = record?.key;
  }
}
