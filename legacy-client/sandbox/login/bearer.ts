import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Face, FaceAnswer } from '../faces/face';
import { challenged, type Gate, type SandboxCredentials, type Stopped } from './gate';

/** How long a token is good for. */
const LIFETIME_SECONDS = 3600;
const TOKEN_PATH = /^\/([^/]+)\/oauth2\/v2\.0\/token$/;
const DISCOVERY_PATH = /^\/([^/]+)\/v2\.0\/\.well-known\/openid-configuration$/;

/**
 * Bearer tokens, which the sandbox issues itself, as Microsoft Entra ID does: client credentials at
 * `POST /{tenant}/oauth2/v2.0/token`, where client id and secret are the sandbox's name and
 * password.
 */
export class BearerGate implements Gate {
  /** Token to the time of its end. */
  private readonly tokens = new Map<string, number>();

  constructor(private readonly credentials: SandboxCredentials) {}

  stop({ headers }: IncomingMessage, face: Face): Stopped | undefined {
    const [, token = ''] = /^Bearer (.+)$/.exec(headers.authorization ?? '') ?? [];
    if ((this.tokens.get(token) ?? 0) > Date.now()) return undefined;
    const answer = challenged(face, 'Bearer authorization_uri="/common/oauth2/authorize"');
    return { answer, isLoginStep: false };
  }

  serve({ url = '', method, headers }: IncomingMessage, body: string): FaceAnswer | undefined {
    const [path = ''] = url.split('?');
    const [, tenant] = DISCOVERY_PATH.exec(path) ?? [];
    if (tenant !== undefined) return discovery(`https://${headers.host ?? ''}/${tenant}`);
    return method === 'POST' && TOKEN_PATH.test(path) ? this.issue(body) : undefined;
  }

  expire(): void {
    this.tokens.clear();
  }

  private issue(body: string): FaceAnswer {
    const form = new URLSearchParams(body);
    const { username, password } = this.credentials;
    if (
      form.get('grant_type') !== 'client_credentials' ||
      !form.get('scope')?.endsWith('/.default')
    ) {
      return refusal(400, 'invalid_request', 'AADSTS900144: the grant or the scope is wrong.');
    }
    if (form.get('client_id') !== username || form.get('client_secret') !== password) {
      const words = 'AADSTS7000215: Invalid client secret provided.';
      return refusal(401, 'invalid_client', words);
    }
    const token = randomBytes(24).toString('base64url');
    this.tokens.set(token, Date.now() + LIFETIME_SECONDS * 1000);
    const granted = { token_type: 'Bearer', expires_in: LIFETIME_SECONDS, access_token: token };
    return { status: 200, json: granted, headers: { 'content-type': 'application/json' } };
  }
}

function refusal(status: number, error: string, words: string): FaceAnswer {
  const json = { error, error_description: words };
  return { status, json, headers: { 'content-type': 'application/json' } };
}

function discovery(authority: string): FaceAnswer {
  const json = {
    issuer: `${authority}/v2.0`,
    authorization_endpoint: `${authority}/oauth2/v2.0/authorize`,
    token_endpoint: `${authority}/oauth2/v2.0/token`,
    jwks_uri: `${authority}/discovery/v2.0/keys`,
  };
  return { status: 200, json, headers: { 'content-type': 'application/json' } };
}
