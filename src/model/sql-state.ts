/** SQLSTATE of a statement in a transaction that has failed before. */
const inFailedTransaction = '25P02';

/**
 * Whether PostgreSQL itself has refused COMMIT, and so rolled back. No answer, or the answer of a
 * server that is going down (classes 08 and 57, 40003), leaves it open.
 */
export function isRefusal(error: unknown): boolean {
  return /^(?!08|57|40003)[0-9A-Z]{5}$/.test(sqlStateOf(error));
}

/** Whether a statement was refused because another one of its transaction has failed before. */
export function isOfFailedTransaction(error: unknown): boolean {
  return sqlStateOf(error) === inFailedTransaction;
}

function sqlStateOf(error: unknown): string {
  const code = (error as { parent?: { code?: unknown } } | undefined)?.parent?.code;
  return typeof code === 'string' ? code : '';
}
