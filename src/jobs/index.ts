export {
  defaultJobSchema,
  openJobQueue,
  type JobKind,
  type JobQueue,
  type JobQueueOptions,
} from './queue';
