export { openJobQueue, type JobKind, type JobQueue, type JobQueueOptions } from './queue';
