import { type Call, type CallReport, writesOf } from './calls';

/** What is wrong with a failure that nothing has caused; a loaded machine is no fault. */
export function unlessLate({ message = '', error }: CallReport): string[] {
  return message.includes('Timeout') ? [] : [`failed for no reason: ${message || String(error)}`];
}

/** What is wrong with what was said of a call that nothing has disturbed. */
export function unexcused(call: Call, report: CallReport): string[] {
  const errors = report.errors ?? [];
  const caught = errors.flatMap((message) => unlessLate({ type: 'failed', message }));
  if (report.type === 'done') return caught;
  // Rows here may still refer to a record that nobody refers to in the CRM any more.
  const isDestroy = writesOf(call).some((write) => write.do === 'destroy');
  const isReferredTo = report.error === 'SequelizeForeignKeyConstraintError';
  return isDestroy && isReferredTo ? [] : unlessLate(report);
}
