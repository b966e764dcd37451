import type { LegacyValue } from '../../legacy-client';
import { countryRecords, type EntityRecords, keyOf, sectorRecords } from './reference-data';
import { type SeededRandom, seededRandom } from './seeded-random';

const seed = 2_011;
const dayMs = 86_400_000;
const firstDay = Date.UTC(2012, 0, 2);
const lastDay = Date.UTC(2024, 9, 30);

/** Things that have gone wrong elsewhere: quotes, umlauts, wildcards, markup, other alphabets. */
const houses = [
  'Foundry',
  'Bakery',
  'Mill',
  "O'Fiction & Daughters",
  'Bräuerei Müller-Lüdenscheidt',
  '100% Wool Works',
  'Crates_and_Barrels',
  '"Quoted" Stationers',
  'Fabryka Żółtych Łodzi',
  'Société Imaginaire',
  '[Bracket] Makers',
  'Tea <and> Biscuits',
  '架空商店',
] as const;
const forms = ['Ltd', 'plc', 'LLP', 'GmbH', 'S.A.'] as const;
const firstNames = [
  'Ada',
  'Bertil',
  'Chloë',
  'Dilip',
  'Eira',
  'Farah',
  'Günther',
  'Hiroko',
] as const;
const lastNames = [
  "O'Nowhere",
  'Sample-Smith',
  'Beispiel',
  'Przykładowa',
  'Ficción',
  'Untel',
] as const;
const jobs = ['Buyer', 'Director', 'Head of Sales', 'Export Manager', 'Accountant', null] as const;
const subjects = ['Asked for prices', 'Met at a fair', 'Renewal', 'Complaint', 'Thank-you letter'];
const customerTypes = [1, 3, 8, 10, 12, null] as const;
const orderStates = [1, 2, 3, 4, 100_001] as const;

type Values = Readonly<Record<string, LegacyValue>>;

function amount(random: SeededRandom, most: number): string {
  return `${random.between(0, most)}.${String(random.between(0, 99)).padStart(2, '0')}`;
}

function moment(random: SeededRandom): Date {
  const day = firstDay + random.between(0, (lastDay - firstDay) / dayMs) * dayMs;
  return new Date(day + random.between(8 * 3600, 18 * 3600) * 1000);
}

function day(random: SeededRandom, firstYear: number, lastYear: number): string {
  const from = Date.UTC(firstYear, 0, 1);
  const days = (Date.UTC(lastYear, 11, 31) - from) / dayMs;
  return new Date(from + random.between(0, days) * dayMs).toISOString().slice(0, 10);
}

function stamps(random: SeededRandom): Values {
  const created = moment(random);
  const modified = new Date(created.getTime() + random.between(0, 400) * 3_600_000);
  return { CreatedOn: created, ModifiedOn: modified };
}

const keysOf = ({ records }: EntityRecords, key: string): string[] =>
  records.map((record) => String(record[key]));

interface Places {
  readonly countries: readonly string[];
  readonly sectors: readonly string[];
}

/** Null in one of `times` cases. */
function gap<T>(random: SeededRandom, times: number, value: T): T | null {
  return random.oneIn(times) ? null : value;
}

/** Every twentieth is somebody's branch; only earlier ones are parents, so there are no circles. */
function parentOf(random: SeededRandom, number: number): string | null {
  return number > 1 && random.oneIn(20) ? keyOf(`account/${random.between(1, number - 1)}`) : null;
}

function organisation(random: SeededRandom, number: number, places: Places): Values {
  const digits = String(number).padStart(4, '0');
  return {
    AccountId: keyOf(`account/${number}`),
    Name: `Fictional ${random.pick(houses)} ${digits} ${random.pick(forms)}`,
    Description: gap(random, 2, `Invented for demonstrations.\nPlant no. ${digits}.`),
    AccountNumber: `FIC-${digits}`,
    // Numbers that the British regulator keeps for fiction.
    Telephone1: gap(random, 4, `+44 1632 960${digits.slice(-3)}`),
    WebSiteURL: gap(random, 3, `https://fictional-${digits}.example.com/`),
    NumberOfEmployees: gap(random, 8, random.between(1, 5_000)),
    Revenue: gap(random, 6, amount(random, 90_000_000)),
    optevia_Rating: gap(random, 5, `${random.between(0, 9)}.${random.between(1000, 9999)}`),
    optevia_ukorganisation: gap(random, 9, random.oneIn(2)),
    optevia_FoundedOn: gap(random, 6, day(random, 1760, 2024)),
    optevia_LastVerified: gap(random, 2, moment(random)),
    CustomerTypeCode: random.pick(customerTypes),
    optevia_Sector: gap(random, 10, random.pick(places.sectors)),
    optevia_Country: random.pick(places.countries),
    ParentAccountId: parentOf(random, number),
    ...stamps(random),
  };
}

function contact(random: SeededRandom, number: number, accounts: readonly string[]): Values {
  return {
    ContactId: keyOf(`contact/${number}`),
    FirstName: gap(random, 12, random.pick(firstNames)),
    LastName: random.pick(lastNames),
    EMailAddress1: gap(random, 5, `contact-${number}@fictional.example.com`),
    JobTitle: random.pick(jobs),
    BirthDate: gap(random, 3, day(random, 1950, 2003)),
    DoNotEMail: random.oneIn(4),
    ParentCustomerId: gap(random, 25, random.pick(accounts)),
    ...stamps(random),
  };
}

function interaction(random: SeededRandom, number: number, contacts: readonly string[]): Values {
  return {
    optevia_interactionId: keyOf(`interaction/${number}`),
    optevia_Subject: random.pick(subjects),
    optevia_Notes: gap(random, 3, 'Said “we’ll see”, then\nasked for 10 % off.'),
    optevia_Channel: random.between(1, 4),
    optevia_HappenedOn: moment(random),
    optevia_Contact: random.pick(contacts),
    ...stamps(random),
  };
}

function order(random: SeededRandom, number: number, accounts: readonly string[]): Values {
  const submitted = moment(random);
  return {
    SalesOrderId: keyOf(`salesorder/${number}`),
    Name: gap(random, 6, `Order of ${submitted.toISOString().slice(0, 10)}`),
    OrderNumber: `ORD-${String(number).padStart(6, '0')}`,
    TotalAmount: amount(random, 250_000),
    SubmitDate: submitted,
    StatusCode: random.pick(orderStates),
    CustomerId: random.pick(accounts),
    ...stamps(random),
  };
}

function link(random: SeededRandom, number: number, contacts: readonly string[]): Values {
  return {
    optevia_contactorderId: keyOf(`contactorder/${number}`),
    optevia_Contact: random.pick(contacts),
    optevia_Order: keyOf(`salesorder/${number}`),
    ...stamps(random),
  };
}

function many(count: number, one: (number: number) => Values): Values[] {
  return Array.from({ length: count }, (_, index) => one(index + 1));
}

/**
 * Invent what a trade organisation's CRM may hold: with 2,000 organisations 2,500 contacts, 2,500
 * interactions and 1,500 orders, and the real countries and sectors.
 *
 * @param organisations - how many; the first ones are the same whatever the number.
 * @returns by entity, those that others refer to first; the same on every run.
 */
export function sampleRecords(organisations = 2_000): EntityRecords[] {
  const random = seededRandom(seed);
  const countries = countryRecords();
  const sectors = sectorRecords();
  const places = {
    countries: keysOf(countries, 'optevia_countryId'),
    sectors: keysOf(sectors, 'optevia_sectorId'),
  };
  const entity = (logicalName: string, records: Values[]): EntityRecords => ({
    logicalName,
    records,
  });
  const share = (part: number): number => Math.ceil(organisations * part);
  const accounts = entity(
    'account',
    many(organisations, (number) => organisation(random, number, places)),
  );
  const accountKeys = keysOf(accounts, 'AccountId');
  const contacts = entity(
    'contact',
    many(share(1.25), (number) => contact(random, number, accountKeys)),
  );
  const contactKeys = keysOf(contacts, 'ContactId');
  return [
    countries,
    sectors,
    accounts,
    contacts,
    entity(
      'optevia_interaction',
      many(share(1.25), (number) => interaction(random, number, contactKeys)),
    ),
    entity(
      'salesorder',
      many(share(0.75), (number) => order(random, number, accountKeys)),
    ),
    entity(
      'optevia_contactorder',
      many(share(0.75), (number) => link(random, number, contactKeys)),
    ),
  ];
}
