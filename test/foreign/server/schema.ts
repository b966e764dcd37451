import type { EdmType, EdmValue } from './edm';

/** One property of an entity type. */
export interface PropertyType {
  readonly type: EdmType;
  /** Default true. */
  readonly nullable?: boolean;
}

/** An entity set whose key is one GUID. */
export interface EntitySetType {
  readonly name: string;
  readonly key: string;
  /** Default `Edm.Guid`. */
  readonly keyType?: 'Edm.String';
  /** Stamps that the server sets by itself. */
  readonly changedAt?: string;
  readonly createdAt?: string;
  readonly properties: Readonly<Record<string, PropertyType>>;
}

/** A stored record, by property. */
export type Row = Record<string, EdmValue>;

/** A refusal in the service's own words. */
export class ServiceRefusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** A request that does not follow the standard. */
export function badRequest(message: string): ServiceRefusal {
  return new ServiceRefusal(400, message);
}
