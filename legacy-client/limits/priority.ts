/** Who waits for a request: somebody at a screen, or a load of many records that can wait. */
export type Priority = 'interactive' | 'bulk';
