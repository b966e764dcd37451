/** The comment of the revision that a load writes. */
export const loadComment = 'backfill';
