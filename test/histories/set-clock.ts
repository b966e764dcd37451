let offsetMs = 0;

/** From now on the clock of this process is so far from the true time, in milliseconds. */
export function setClock(milliseconds: number): void {
  offsetMs = milliseconds;
}

/**
 * Have `Date` of this process follow {@link setClock}; timers and `performance.now()` run on, as they
 * do when the clock of a machine is set.
 */
export function installClock(): void {
  const TrueDate = Date;
  const now = (): number => TrueDate.now() + offsetMs;
  const SetDate = new Proxy(TrueDate, {
    construct: (target, values, newTarget) =>
      Reflect.construct(target, values.length > 0 ? values : [now()], newTarget) as Date,
    apply: () => new TrueDate(now()).toString(),
    get: (target, property) =>
      property === 'now' ? now : (Reflect.get(target, property) as unknown),
  });
  // What looks at `value.constructor` must find what everybody else calls `Date`.
  TrueDate.prototype.constructor = SetDate;
  globalThis.Date = SetDate;
}
