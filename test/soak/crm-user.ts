import { connectSandbox } from '../../legacy-client/sandbox';
import { randomFrom } from '../crash/random';
import { operate, readOrders, untilTold } from './told-operations';

/** Be a user of the CRM, who edits records while applications do, until told to end. */
async function main(): Promise<void> {
  const { sandboxUrl, name, seed, records, shared } = await readOrders();
  const sandbox = connectSandbox(sandboxUrl);
  const random = randomFrom(seed);
  const accounts = await sandbox.records('account');
  const keys = new Map(accounts.map(({ Name, AccountId }) => [Name, String(AccountId)]));
  let values = 0;
  await untilTold(async () => {
    const record = records[random(records.length)] ?? '';
    const isShared = shared.includes(record) && random(2) === 0;
    const [attribute, property] = isShared
      ? ['telephone', 'Telephone1']
      : ['website', 'WebSiteURL'];
    values += 1;
    const value = `${name}-${values}`;
    const places = [`${record} ${attribute}`];
    await operate({ do: 'write', by: 'user', places, value }, async () => {
      await sandbox.editAsLegacyUser('account', keys.get(record) ?? '', { [property]: value });
      return undefined;
    });
    await new Promise((resolve) => setTimeout(resolve, random(120)));
  });
  process.exit(0);
}

void main();
