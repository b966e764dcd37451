/** What one run of a variant took. */
export interface Cost {
  /** Milliseconds from begin to end. */
  readonly wallMs: number;
  /** Milliseconds of processor time, of the Node process that runs the variant only. */
  readonly cpuMs: number;
}

/** One way to do the work. */
export interface Variant {
  readonly name: string;
  /** Not measured: bring about what the run starts from. */
  before?(): Promise<void>;
  /** Gives its cost when another process has measured it. */
  run(): Promise<Cost | undefined>;
}

/** A goal for the time of a variant, as a multiple of the time of the first one. */
export interface Goal {
  readonly variant: string;
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** Ways to do the same work; the first is what the others are compared with. */
export interface Comparison {
  readonly title: string;
  readonly variants: readonly Variant[];
  readonly rounds: number;
  readonly goals?: readonly Goal[];
}

/** The outcome for one variant. */
export interface Measured {
  readonly variant: string;
  /** Median. */
  readonly wallMs: number;
  /** Median of each round's ratio to the first variant. */
  readonly wallRatio: number;
  readonly cpuRatio: number;
}

/** The outcome of a {@link Comparison}. */
export interface Result {
  readonly title: string;
  readonly measured: readonly Measured[];
  readonly goals: readonly Goal[];
}

/** Rounds whose times are thrown away: code is compiled, connections and caches are filled. */
const warmUpRounds = 2;

/**
 * Run every variant once a round, in rotating order: what disturbs the machine for a while disturbs
 * all of them, and none of them always runs after the same other one.
 */
export async function compare(comparison: Comparison): Promise<Result> {
  const { title, variants, rounds, goals = [] } = comparison;
  const costs = variants.map((): Cost[] => []);
  for (let round = 0; round < warmUpRounds + rounds; round += 1) {
    for (let turn = 0; turn < variants.length; turn += 1) {
      const index = (round + turn) % variants.length;
      const variant = variants[index];
      if (!variant) continue;
      const cost = await measure(variant);
      if (round >= warmUpRounds) costs[index]?.push(cost);
    }
  }
  const base = costs[0] ?? [];
  const measured = variants.map(({ name }, index): Measured => {
    const own = costs[index] ?? [];
    return {
      variant: name,
      wallMs: median(own.map(({ wallMs }) => wallMs)),
      wallRatio: median(own.map(({ wallMs }, round) => wallMs / (base[round]?.wallMs ?? NaN))),
      cpuRatio: median(own.map(({ cpuMs }, round) => cpuMs / (base[round]?.cpuMs ?? NaN))),
    };
  });
  return { title, measured, goals };
}

async function measure(variant: Variant): Promise<Cost> {
  await variant.before?.();
  return costOf(() => variant.run());
}

/** Measure some work in this process, unless it tells its cost itself. */
export async function costOf(work: () => Promise<Cost | undefined>): Promise<Cost> {
  const cpuBefore = process.cpuUsage();
  const wallBefore = performance.now();
  const told = await work();
  const wallMs = performance.now() - wallBefore;
  const { user, system } = process.cpuUsage(cpuBefore);
  return told ?? { wallMs, cpuMs: (user + system) / 1000 };
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const lower = sorted[Math.ceil(middle) - 1] ?? NaN;
  const upper = sorted[Math.floor(middle)] ?? NaN;
  return (lower + upper) / 2;
}
