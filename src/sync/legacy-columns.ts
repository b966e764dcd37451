import { DataTypes, type ModelAttributes } from 'sequelize';

/** The columns that a synced model has beside its own; the exit drops them. */
export function legacyColumns(): ModelAttributes {
  return {
    legacyId: { type: DataTypes.UUID, allowNull: true, unique: true },
    legacyModifiedAt: { type: DataTypes.DATE, allowNull: true },
    legacyVersion: { type: DataTypes.TEXT, allowNull: true },
  };
}

/** Their attribute names. */
export const legacyColumnNames = ['legacyId', 'legacyModifiedAt', 'legacyVersion'] as const;
