import type { FailNext } from './control';
import type { Face, FaceAnswer } from './faces/face';
import { challenged } from './login/gate';

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function xmlError(status: number, code: string, message: string): FaceAnswer {
  return {
    status,
    headers: { 'content-type': 'application/xml;charset=utf-8' },
    text:
      '<?xml version="1.0" encoding="utf-8" standalone="yes"?>' +
      '<error xmlns="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">' +
      `<code>${escapeXml(code)}</code><message xml:lang="en-US">${escapeXml(message)}</message>` +
      '</error>',
  };
}

function htmlPage(status: number, body: string): FaceAnswer {
  const text = `<!DOCTYPE html><html><head><title>CRM</title></head><body>${body}</body></html>`;
  return { status, headers: { 'content-type': 'text/html;charset=utf-8' }, text };
}

/** The answer that a `failNext` asks for, in its form; `drop` needs none. */
export function failure(face: Face, fault: FailNext): FaceAnswer {
  const { status = 500, code = '', message = 'The sandbox was told to fail.' } = fault;
  if (fault.form === 'xml') return xmlError(status, code, message);
  if (fault.form === 'html') return htmlPage(status, `<h1>${escapeXml(message)}</h1>`);
  return face.error(status, code, message);
}

/** The service's own number for too many requests in five minutes. */
const tooManyRequests = 0x80072322 | 0;

/** 429 with the seconds to wait. */
export function throttled(face: Face, retryAfterSeconds: number): FaceAnswer {
  const message = 'Number of requests exceeded the limit of 6000 over time window of 300 seconds.';
  const answer = face.error(429, face.writeCode(tooManyRequests), message);
  return { ...answer, headers: { ...answer.headers, 'retry-after': String(retryAfterSeconds) } };
}

/** 401 as for a session that has ended or a login that is wrong. */
export function notLoggedIn(face: Face): FaceAnswer {
  return challenged(face, 'Basic realm="sandbox"');
}

/** The page that a single sign-on puts in place of the data: 200, and nothing in it is true. */
export function loginPage(): FaceAnswer {
  return htmlPage(
    200,
    '<form method="post" action="/adfs/ls/"><input name="UserName"><input type="password" ' +
      'name="Password"><input type="submit" value="Sign in"></form>',
  );
}
