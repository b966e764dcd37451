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
