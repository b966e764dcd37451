export { revision } from './block';
export { RevisionError } from './errors';
export { connectRevisions, noteChange } from './recorded-history';
export { prepareRevisions } from './tables';
