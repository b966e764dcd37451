import { Interaction } from '../models';
import { defineMigrator, field } from '../src';

export const interactionMigrator = defineMigrator(Interaction, {
  entitySet: 'optevia_interactionSet',
  key: 'optevia_interactionId',
  logicalName: 'optevia_interaction',
  fields: {
    subject: field.string('optevia_Subject'),
    notes: field.text('optevia_Notes'),
    channel: field.optionSet('optevia_Channel', { phone: 1, email: 2, meeting: 3, letter: 4 }),
    happenedAt: field.dateTime('optevia_HappenedOn'),
    contactId: field.lookup('optevia_Contact', { model: 'Contact' }),
  },
});
