import type { DialectName, PropertyMetadata } from '../../legacy-client';
import type { LookupProperty } from './lookup-properties';
import type { AttributePlan, ModelPlan } from './plan';
import { camelCase, type UniqueNames, withoutPrefix } from './names';
import { shapeOf } from './property-shape';
import { quoted } from './source-text';

/** Plan an attribute for a property; a text says why it cannot be mapped. */
export function plannedProperty(
  property: PropertyMetadata,
  dialect: DialectName,
  names: UniqueNames,
): AttributePlan | string {
  const shape = shapeOf(property, dialect);
  if (typeof shape === 'string') return shape;
  const own = camelCase(withoutPrefix(property.name, dialect));
  const attribute = names.choose(own, camelCase(property.name), `${own}Value`);
  return { ...shape, attribute, nullable: property.nullable };
}

/** NOTE: a mapping on Dataverse has one name for both, and the column is read by it. */
function isNamedAsHeld({ property, heldBy }: LookupProperty, dialect: DialectName): boolean {
  return dialect !== 'dataverse' || heldBy === `_${property.toLowerCase()}_value`;
}

/** Plan a foreign key for a lookup; a text says why it cannot be mapped. */
export function plannedLookup(
  lookup: LookupProperty,
  around: {
    readonly dialect: DialectName;
    readonly models: readonly ModelPlan[];
    readonly names: UniqueNames;
    readonly nullable: boolean;
  },
): AttributePlan | string {
  const [target, ...others] = lookup.targets;
  if (target === undefined) return 'a lookup; the metadata does not say what it points to';
  if (others.length > 0) return `a lookup that points to any of ${lookup.targets.join(', ')}`;
  if (!isNamedAsHeld(lookup, around.dialect)) {
    return `a lookup by ${lookup.property}, whose name is not that of the column`;
  }
  const model = around.models.find(({ entity }) => entity.name === target);
  if (!model) return `a lookup to ${target}, which is not among the entities that are mapped`;
  const as = camelCase(withoutPrefix(lookup.property, around.dialect)).replace(
    /(?<=.)(Id|id)$/,
    '',
  );
  const attribute = around.names.choose(`${as}Id`, `${as}LookupId`);
  const alias = around.names.choose(as, `${as}Record`);
  return {
    attribute,
    field: `field.lookup(${quoted(lookup.property)}, { model: ${quoted(model.model)} })`,
    dataType: 'DataTypes.UUID',
    tsType: 'string',
    nullable: around.nullable,
    target: { model, as: alias, isGuessed: lookup.isGuessed },
  };
}
