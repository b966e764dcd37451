import { readPage } from '../../../legacy-client/auth/adfs/page-forms';

const address = new URL('https://sts.example.test/adfs/ls/?wa=wsignin1.0');

function formOf(html: string): ReturnType<typeof readPage>['forms'][number] | undefined {
  return readPage(html, address).forms[0];
}

test('what a browser would send: fields with names, ticked boxes, the first named button', () => {
  const form = formOf(`<form method=Post action="next?a=1&amp;b=2#there">
    <input type=hidden name=state value="&quot;x&quot; &amp; y"><input name=UserName>
    <input type=password name=Password value=""><input type=checkbox name=kmsi value=1>
    <input type=checkbox name=terms value=yes checked><input name=off value=1 disabled>
    <input value=nameless><input type=button name=help value=Help>
    <input type=submit value=nameless><button name=go value=in>Sign in</button>
    <input type=submit name=cancel value=Cancel></form>`);
  expect(form?.action.href).toBe('https://sts.example.test/adfs/ls/next?a=1&b=2#there');
  expect(form?.method).toBe('POST');
  expect(form?.fields).toEqual([
    ['state', '"x" & y'],
    ['UserName', ''],
    ['Password', ''],
    ['terms', 'yes'],
    ['go', 'in'],
  ]);
  expect(form?.login).toEqual({ username: 'UserName', password: 'Password' });
});

test('a form that stands wrongly among tables has its fields nevertheless', () => {
  const form = formOf(`<table><form method="post" action="/"><tr><td><input name="user"></td></tr>
    <tr><td><input type="password" name="pass"></td></tr></form></table>`);
  expect(form?.login).toEqual({ username: 'user', password: 'pass' });
});

test('without an action a form goes where its page was, and without a method by GET', () => {
  const form = formOf('<form><input name=q></form>');
  expect([form?.action.href, form?.method, form?.login]).toEqual([address.href, 'GET', undefined]);
});

test('names in comments and scripts are no forms', () => {
  const html = `<!-- <form action="http://thief.example.test"></form> -->
    <script>var x = '<form action="http://thief.example.test"><input type=password></form>'</script>`;
  expect(readPage(html, address).forms).toEqual([]);
});

test.each([
  [
    '<span id="ctl00_ContentPlaceHolder1_ErrorTextLabel"> Wrong \n password </span>',
    'Wrong password',
  ],
  [
    '<div id="error"><span id="errorText"></span><label id="errorMessage">Locked</label></div>',
    'Locked',
  ],
  ['<p id="welcome">Hello</p>', ''],
])('the error text of %s', (html, text) => {
  expect(readPage(html, address).errorText).toBe(text);
});

describe('pages that would take minutes', () => {
  const many = 100_000;
  const names = Array.from({ length: many }, (_, at) => `a${at}`);
  const script = `<script>${'say("word");\n'.repeat(2000)}</script>`;

  it.each([
    ['elements within elements', '<div>'.repeat(many)],
    ['attributes', `<input ${names.join(' ')}>`],
    ['attributes without blanks', `<input ${names.join('/')}>`],
    ['attributes with quotes', `<input ${names.map((name) => `${name}="1"`).join('')}>`],
    ['text', 'x'.repeat(2_000_000)],
  ])('for their %s are refused at once', (_name, html) => {
    const began = process.cpuUsage();
    expect(() => readPage(html, new URL('https://sts.example.test/'))).toThrow(
      'sts.example.test sent a page that is larger than any login page',
    );
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(1000);
  });

  it('are none for a script or a long token', () => {
    const token = 'PHNhbWw+'.repeat(20_000);
    const html = `${script}<form method="post"><input name="wresult" value="${token}"></form>`;
    const { forms } = readPage(html, new URL('https://sts.example.test/'));
    expect(forms[0]?.fields).toEqual([['wresult', token]]);
  });
});
