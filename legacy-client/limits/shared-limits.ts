import { AdaptiveConcurrency } from './adaptive-concurrency';
import { type Circuit, type CircuitOptions, createCircuit } from './circuit';
import { Limiter } from './limiter';
import { type BudgetOptions, RequestBudget } from './request-budget';
import { Share } from './share';

/** One service, as one user: what the limits of a service count by. */
export interface LimitedService {
  readonly root: string;
  /** Of the login; empty where it names nobody. */
  readonly identity: string;
}

/** The limits that one client was given. */
export interface ClientLimits {
  readonly maxConcurrency: number;
  /** An answer that takes longer, in milliseconds, is a sign of overload. */
  readonly slowMs: number;
  readonly budget?: BudgetOptions | undefined;
  readonly circuit?: CircuitOptions | undefined;
}

/** A client's part in the limits of a service. */
export interface JoinedLimits {
  readonly limiter: Pick<Limiter, 'run' | 'slowDown'>;
  readonly circuit: Circuit;
  /** The client is closed: its own limits end. */
  leave(): void;
}

/**
 * The limits of one service as one user, for all clients of the process.
 *
 * Where clients differ: each keeps to its own `maxConcurrency`, all together to the largest of them;
 * every request counts for the budget, and all keep to the smallest that any of them has; those with
 * the same rules have one circuit.
 */
class ServiceLimits {
  readonly #clients = new Set<ClientLimits>();
  readonly #concurrency: AdaptiveConcurrency;
  readonly #budget = new RequestBudget({});
  readonly #circuits = new Map<string, Circuit>();
  readonly #limiter: Limiter;

  constructor({ maxConcurrency, slowMs }: ClientLimits) {
    this.#concurrency = new AdaptiveConcurrency({ max: maxConcurrency, slowMs });
    this.#limiter = new Limiter({ concurrency: this.#concurrency, budget: this.#budget });
  }

  join(client: ClientLimits): JoinedLimits {
    this.#clients.add(client);
    this.#keepToAll();
    const share = new Share(client);
    return {
      limiter: {
        run: (task, turn) => this.#limiter.run(task, { ...turn, share }),
        slowDown: (milliseconds) => {
          this.#limiter.slowDown(milliseconds);
        },
      },
      circuit: this.#circuitOf(client.circuit),
      leave: () => {
        this.#clients.delete(client);
        this.#keepToAll();
      },
    };
  }

  /** Nobody is here, and nothing is to be remembered for whoever comes next. */
  get isOver(): boolean {
    return this.#clients.size === 0 && !this.#limiter.isPaused && this.#budget.isUnused;
  }

  #keepToAll(): void {
    const clients = [...this.#clients];
    if (clients.length === 0) {
      this.#circuits.clear();
      return;
    }
    this.#concurrency.keepTo(Math.max(...clients.map(({ maxConcurrency }) => maxConcurrency)));
    this.#budget.keepTo(clients.map(({ budget = {} }) => budget));
    this.#limiter.advance();
  }

  #circuitOf({ failures, openMs }: CircuitOptions = {}): Circuit {
    const rules = JSON.stringify([failures, openMs]);
    const circuit = this.#circuits.get(rules) ?? createCircuit({ failures, openMs });
    this.#circuits.set(rules, circuit);
    return circuit;
  }
}

const services = new Map<string, ServiceLimits>();

/** Take part in the limits that all clients of a service have in common in this process. */
export function joinLimits({ root, identity }: LimitedService, client: ClientLimits): JoinedLimits {
  for (const [name, service] of services) if (service.isOver) services.delete(name);
  const name = JSON.stringify([root, identity]);
  const service = services.get(name) ?? new ServiceLimits(client);
  services.set(name, service);
  return service.join({ ...client });
}
