import type { FaceAnswer } from '../faces/face';

/** Names and values of a form's fields. */
type Fields = Readonly<Record<string, string>>;

/** What the names of fields begin with: ASP.NET's. */
const PLACE = 'ctl00$ContentPlaceHolder1$';

/** The names of the login page's fields. */
export const loginFields = {
  username: `${PLACE}UsernameTextBox`,
  password: `${PLACE}PasswordTextBox`,
  submit: `${PLACE}SubmitButton`,
} as const;

/** A page that asks for user name and password, after a failed try with the reason. */
export function loginPage(action: string, failure = ''): FaceAnswer {
  return page(
    'Sign In',
    `<form name="aspnetForm" method="post" action="${escaped(action)}" id="aspnetForm">
    ${hidden({ __VIEWSTATE: '/wEPDwUKLTcxOTk4', __EVENTVALIDATION: '/wEWBAKnn4' })}
    <table><tr><td><span class="Label">User name:</span></td>
    <td><input name="${loginFields.username}" type="text" id="UsernameTextBox"></td></tr>
    <tr><td><span class="Label">Password:</span></td>
    <td><input name="${loginFields.password}" type="password" id="PasswordTextBox"></td></tr>
    <tr><td colspan=2><span id="ctl00_ContentPlaceHolder1_ErrorTextLabel" class="ErrorText">${escaped(failure)}</span></td></tr>
    <tr><td><input type="submit" name="${loginFields.submit}" value="Sign In"></td></tr></table>
    </form>`,
  );
}

/** A page whose form a browser sends on by itself: so a security token travels. */
export function sendingPage(action: string, fields: Fields): FaceAnswer {
  return page(
    'Working...',
    `<form method="POST" name="hiddenform" action="${escaped(action)}">
    ${hidden(fields)}
    <noscript><p>Script is disabled. Click Submit to continue.</p>
    <input type="submit" value="Submit"></noscript></form>
    <script language="javascript">window.setTimeout('document.forms[0].submit()', 0);</script>`,
  );
}

/** What stands behind the login: the CRM's own start page. */
export function startPage(): FaceAnswer {
  return page('Microsoft Dynamics CRM', '<h1>Sandbox</h1>');
}

function page(title: string, body: string): FaceAnswer {
  const text = `<!DOCTYPE html>\n<html><head><title>${title}</title></head><body>${body}</body></html>`;
  return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, text };
}

function hidden(fields: Fields): string {
  return Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${name}" value="${escaped(value)}">`)
    .join('\n    ');
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
