import fc from 'fast-check';
import { createDialect } from '../../../legacy-client/dialects';
import { parseBody } from '../../../legacy-client/answer-body';
import { readErrorDocument } from '../../../legacy-client/error-document';
import { account, guid } from '../entities';

const feed = `<?xml version="1.0" encoding="utf-8" standalone="yes"?>
<feed xml:base="http://crm.example/svc/" xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices" xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata" xmlns="http://www.w3.org/2005/Atom">
  <title type="text">AccountSet</title>
  <link rel="self" title="AccountSet" href="AccountSet" />
  <entry m:etag="W/&quot;7&quot;">
    <id>http://crm.example/svc/AccountSet(guid'${guid(1)}')</id>
    <content type="application/xml">
      <m:properties>
        <d:AccountId m:type="Edm.Guid">${guid(1)}</d:AccountId>
        <d:Name> Miller &amp; Sons&#xA;"0000100000" </d:Name>
        <d:NumberOfEmployees m:type="Edm.Int32">12</d:NumberOfEmployees>
        <d:Revenue m:type="Microsoft.Crm.Sdk.Data.Services.Money"><d:Value m:type="Edm.Decimal">1.1000</d:Value></d:Revenue>
        <d:optevia_ukorganisation m:type="Edm.Boolean">true</d:optevia_ukorganisation>
        <d:CustomerTypeCode m:type="Microsoft.Crm.Sdk.Data.Services.OptionSetValue"><d:Value m:type="Edm.Int32" m:null="true" /></d:CustomerTypeCode>
        <d:optevia_LastVerified m:type="Edm.DateTime">2026-11-21T12:26:26</d:optevia_LastVerified>
        <d:optevia_FoundedOn m:type="Edm.DateTime" m:null="true" />
        <d:optevia_Sector m:type="Microsoft.Crm.Sdk.Data.Services.EntityReference"><d:Id m:type="Edm.Guid">${guid(9)}</d:Id><d:LogicalName>optevia_sector</d:LogicalName></d:optevia_Sector>
      </m:properties>
    </content>
  </entry>
  <link rel="next" href="AccountSet?$skiptoken=1&amp;$top=5" />
</feed>`;

function atom(text: string): unknown {
  const headers = { 'content-type': 'application/atom+xml;charset=utf-8' };
  return parseBody({ status: 200, headers, text, bytes: text.length });
}

test('an Atom feed is read like the JSON answer', () => {
  const { records, next } = createDialect('dynamics2011').decodePage(account, atom(feed));
  expect(next).toBe('http://crm.example/svc/AccountSet?$skiptoken=1&$top=5');
  expect(records).toHaveLength(1);
  expect(records[0]?.values).toEqual({
    Name: ' Miller & Sons\n"0000100000" ',
    NumberOfEmployees: 12,
    Revenue: '1.1000',
    optevia_ukorganisation: true,
    CustomerTypeCode: null,
    optevia_LastVerified: new Date('2026-11-21T12:26:26Z'),
    optevia_FoundedOn: null,
    optevia_Sector: guid(9),
  });
});

test('a single entry and its ETag', () => {
  const entry = /<entry[\s\S]*<\/entry>/.exec(feed)?.[0].replace('<entry', '<entry xmlns:m="m"');
  const record = createDialect('odata2').decodeRecord(
    { ...account, properties: account.properties.slice(0, 2) },
    atom(entry ?? ''),
  );
  expect(record).toMatchObject({ key: guid(1), version: 'W/"7"' });
});

test('an empty feed is an empty list', () => {
  const empty = '<feed xmlns="http://www.w3.org/2005/Atom"><title/></feed>';
  expect(createDialect('odata2').decodePage(account, atom(empty))).toEqual({ records: [] });
});

test('a feed that is cut off anywhere is never read as a shorter one', () => {
  const { length } = feed;
  fc.assert(
    fc.property(fc.integer({ min: 1, max: length - 1 }), (end) => {
      expect(() => atom(feed.slice(0, end))).toThrow(SyntaxError);
    }),
    { numRuns: 300 },
  );
});

test('XML that is no Atom is no answer', () => {
  expect(() => atom('<service><workspace/></service>')).toThrow(/<service>/);
});

test.each([
  [
    '{"error":{"code":"-2147220969","message":{"lang":"en-US","value":"Does Not Exist"}}}',
    { code: '-2147220969', message: 'Does Not Exist' },
  ],
  ['{"error":{"code":"0x80040217","message":"Gone"}}', { code: '0x80040217', message: 'Gone' }],
  ['{"error":{"code":"","message":""}}', { code: '', message: '' }],
  [
    '<?xml version="1.0"?><m:error xmlns:m="m"><m:code>-2147220969</m:code><m:message xml:lang="en-US">Does Not Exist</m:message></m:error>',
    { code: '-2147220969', message: 'Does Not Exist' },
  ],
  ['<error xmlns="m"><code/><message>Bad</message></error>', { code: '', message: 'Bad' }],
  ['{"error":{"code":"-21472', undefined],
  ['<m:error xmlns:m="m"><m:code>1</m:code>', undefined],
  ['<html><body>Service Unavailable</body></html>', undefined],
  ['{"Message":"No HTTP resource was found"}', undefined],
  ['', undefined],
])('reads the error document %s', (text, document) => {
  expect(readErrorDocument(text)).toEqual(document);
});
