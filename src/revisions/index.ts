export { revision } from './block';
export { RevisionError } from './errors';
export { connectRevisions, noteChange } from './recorded-history';
export { prepareRevisions } from './tables';
export { recordInitialVersions, type InitialVersionsOptions } from './initial-versions';
export { pruneVersions, type PrunedVersions, type Retention } from './retention';
export { findRevision, type RevertOptions, type Revision } from './whole-revision';
export { createdVersionsWithin, updatedVersionsWithin, versionsWithin } from './within-statement';
