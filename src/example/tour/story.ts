import type { Contact, Organisation } from '../../../models';
import { revision } from '../../index';
import { placeOrder, registerCustomer } from '../application';
import { play, type Stage } from './stage';

const name = 'Fictional Lighthouse & Söhne Ltd';

/** Tell what the library does, call by call. */
export async function tellStory(stage: Stage): Promise<void> {
  const organisation = await create(stage);
  const [ada, bertil] = await organisation.getContacts({ order: ['firstName'] });
  if (!ada || !bertil) throw new Error('The new customer has not both of its contacts.');
  await update(stage, organisation);
  await orderWith(stage, organisation, ada);
  await readAfterEdit(stage, organisation);
  await readAfterDelete(stage, organisation, bertil);
  await refusedWrite(stage, organisation, ada);
  await skippedRead(stage, organisation);
  await showVersions(stage, organisation);
}

function create(stage: Stage): Promise<Organisation> {
  return play(stage, {
    title: 'A create is written to both sides, or to neither',
    code: 'sequelize.transaction: Organisation.create(…), 2 × organisation.createContact(…)',
    act: () =>
      revision({ user: 'Chloë Example', comment: 'Signed up at the fair' }, () =>
        registerCustomer({
          name,
          countryCode: 'GB',
          sector: 'Marine',
          foundedOn: '1898-05-17',
          contacts: [
            { firstName: 'Ada', lastName: 'Example', email: 'ada@fictional.example.com' },
            { firstName: 'Bertil', lastName: 'Example' },
          ],
        }),
      ),
  });
}

async function update(stage: Stage, organisation: Organisation): Promise<void> {
  await play(stage, {
    title: 'An update sends what has changed, and no more',
    code: "organisation.update({ telephone: '+44 1632 960999', internalNote: 'Call after ten' })",
    act: () =>
      revision({ user: 'Dilip Example', comment: 'They called' }, () =>
        organisation.update({ telephone: '+44 1632 960999', internalNote: 'Call after ten' }),
      ),
  });
}

async function orderWith(stage: Stage, organisation: Organisation, ada: Contact): Promise<void> {
  await play(stage, {
    title: 'Associations too',
    code: 'organisation.createOrder(…), ContactOrder.create(…), ada.createInteraction(…)',
    act: () =>
      revision({ user: 'Dilip Example', comment: 'Ordered on the telephone' }, () =>
        placeOrder(organisation, {
          orderNumber: 'ORD-TOUR',
          totalAmount: '1898.50',
          contacts: [ada],
        }),
      ),
  });
}

async function readAfterEdit(stage: Stage, organisation: Organisation): Promise<void> {
  const { models, sandbox } = stage;
  await play(stage, {
    title: 'A read shows what the CRM’s own users have changed',
    crmUser: {
      does: 'sets the rating to 4.5 and the employees to 12',
      act: () =>
        sandbox.editAsLegacyUser('account', String(organisation.legacyId), {
          optevia_Rating: '4.5',
          NumberOfEmployees: 12,
        }),
    },
    code: 'Organisation.findByPk(id)',
    act: () => models.Organisation.findByPk(organisation.id),
    result: (found) => `rating ${found?.rating ?? '?'}, employees ${found?.employees ?? '?'}`,
  });
}

async function readAfterDelete(
  stage: Stage,
  organisation: Organisation,
  bertil: Contact,
): Promise<void> {
  await play(stage, {
    title: 'And what they have deleted',
    crmUser: {
      does: 'deletes the contact Bertil Example',
      act: () => stage.sandbox.deleteAsLegacyUser('contact', String(bertil.legacyId)),
    },
    code: 'organisation.getContacts()',
    act: () => organisation.getContacts(),
    result: (contacts) => contacts.map((contact) => contact.firstName).join(', '),
  });
  const versions = await stage.models.Contact.deletedVersions();
  const kept = versions.find((version) => version.key === bertil.id);
  stage.narrator.say('kept', `a version of ${String(kept?.values.firstName)}, to restore`);
}

async function refusedWrite(stage: Stage, organisation: Organisation, ada: Contact): Promise<void> {
  await play(stage, {
    title: 'What the CRM refuses is in neither side: the whole transaction is undone',
    code: "ada.update({ jobTitle: 'Director' }), organisation.update({ foundedOn: '1066-10-14' })",
    act: () =>
      stage.sequelize
        .transaction(async () => {
          await ada.update({ jobTitle: 'Director' });
          await organisation.update({ foundedOn: '1066-10-14' });
        })
        .then(() => 'no error, which is wrong', sentence),
    result: (outcome) => outcome,
  });
  await Promise.all([organisation.reload(), ada.reload()]);
}

async function skippedRead(stage: Stage, organisation: Organisation): Promise<void> {
  const { models, sandbox } = stage;
  await play(stage, {
    title: 'A skipped call is local: as fast as ever, and as old as the last read',
    crmUser: {
      does: 'renames the organisation',
      act: () =>
        sandbox.editAsLegacyUser('account', String(organisation.legacyId), {
          Name: 'Fictional Lighthouses plc',
        }),
    },
    code: 'Organisation.skipLegacy().findByPk(id)',
    act: () => models.Organisation.skipLegacy().findByPk(organisation.id),
    result: (found) => `the name ‘${found?.name ?? '?'}’`,
  });
  await play(stage, {
    title: 'The next ordinary read catches up',
    code: 'Organisation.findByPk(id)',
    act: () => models.Organisation.findByPk(organisation.id),
    result: (found) => `the name ‘${found?.name ?? '?'}’`,
  });
}

async function showVersions({ narrator }: Stage, organisation: Organisation): Promise<void> {
  narrator.chapter('Who changed what: organisation.versions()');
  for (const version of await organisation.versions()) {
    const { user, comment } = version.revision;
    const columns = Object.keys(version.diff());
    const changed = version.kind === 'updated' ? columns.join(', ') : `${columns.length} columns`;
    narrator.say(
      version.kind,
      `${(user ?? '—').padEnd(16)}${(comment ?? '—').padEnd(34)}${changed}`,
    );
  }
}

/** The sentence, without the request that it ends with. */
function sentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.name}: ${error.message.replace(/ \[\w+ http.*$/s, '')}`;
}
