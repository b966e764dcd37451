import { auth, type ConnectionScheme } from '../../legacy-client';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';

const account = { username: 'sandbox', password: 'sandbox' };

const logins: Record<'ntlm' | 'adfs' | 'bearer', (url: string) => ConnectionScheme> = {
  ntlm: () => auth.ntlm(account),
  adfs: (url) => auth.adfsForms({ ...account, adfsUrl: `${url}/adfs/ls/` }),
  // The sandbox issues the tokens itself; only https is made up, because MSAL takes nothing else.
  bearer: (url) => {
    const authority = url.replace('http:', 'https:');
    const { username: clientId, password: clientSecret } = account;
    const login = { tenantId: 'example', clientId, clientSecret, authority };
    return {
      connect: (wire, baseUrl) =>
        auth.clientCredentials(login).connect(
          {
            timeoutMs: wire.timeoutMs,
            send: (request) => wire.send({ ...request, url: request.url.replace(authority, url) }),
          },
          baseUrl,
        ),
    };
  },
};

const cases = (['dynamics2011', 'dataverse'] as Face[]).flatMap((face) =>
  (['ntlm', 'adfs', 'bearer'] as const).map((login) => [login, face] as const),
);

describe.each(cases)('behind %s, the %s face', (login, face) => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openDualWorld({ face, login, auth: logins[login] });
  });
  afterAll(() => world.close());

  it('reads and writes as without a login, also when the session ends in the middle', async () => {
    const { Sector } = world.models;
    const first = await Sector.create({ name: 'Fictional Foundries' });
    await world.sandbox.expireLogin();
    await Sector.create({ name: 'Imaginary Mills' });
    await world.sandbox.expireLogin({ page: true });
    const [found] = await Promise.all([
      Sector.findAll({ order: ['name'] }),
      Sector.findByPk(first.id),
      Sector.count(),
    ]);
    expect(found.map(({ name }) => name)).toEqual(['Fictional Foundries', 'Imaginary Mills']);
    await world.sandbox.expireLogin();
    await world.sequelize.transaction(async (transaction) => {
      await first.update({ name: 'Fictional Forges' }, { transaction });
      await world.sandbox.expireLogin();
      await found[1]?.destroy({ transaction });
    });
    const records = await world.sandbox.records('optevia_sector');
    expect(records.map(({ optevia_name: name }) => name)).toEqual(['Fictional Forges']);
    const rows = await Sector.skipLegacy().findAll();
    expect(rows.map(({ name }) => name)).toEqual(['Fictional Forges']);
  });
});
