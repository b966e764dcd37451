import type { INetworkModule, NetworkRequestOptions, NetworkResponse } from '@azure/msal-node';
import { plainCause } from '../network-failure';
import type { TransportAnswer } from '../transport';
import type { Wire } from './authenticator';
import { LoginFailure } from './login-failure';

/** What MSAL sends its requests by: the client's own wire, with its limits of time and size. */
export class MsalNetwork implements INetworkModule {
  /** NOTE: MSAL replaces what it is thrown by words of its own, which name no reason. */
  failure: LoginFailure | undefined;

  constructor(private readonly wire: Wire) {}

  /** Begin a new login. */
  forget(): void {
    this.failure = undefined;
  }

  sendGetRequestAsync<Body>(
    url: string,
    options?: NetworkRequestOptions,
  ): Promise<NetworkResponse<Body>> {
    return this.exchange('GET', url, options);
  }

  sendPostRequestAsync<Body>(
    url: string,
    options?: NetworkRequestOptions,
  ): Promise<NetworkResponse<Body>> {
    return this.exchange('POST', url, options);
  }

  private async exchange<Body>(
    method: string,
    url: string,
    { headers = {}, body }: NetworkRequestOptions = {},
  ): Promise<NetworkResponse<Body>> {
    try {
      const answer = await this.wire.send({ method, url, headers, body });
      return { status: answer.status, headers: { ...answer.headers }, body: json(answer) as Body };
    } catch (error) {
      this.failure = error instanceof LoginFailure ? error : unreachable(url, error);
      throw this.failure;
    }
  }
}

function unreachable(url: string, error: unknown): LoginFailure {
  const { cause } = plainError(error);
  const reason = plainCause(cause ?? error).message;
  return new LoginFailure(`${new URL(url).host} cannot be reached (${reason})`);
}

function plainError(error: unknown): { cause?: unknown } {
  return error instanceof Error ? error : {};
}

function json({ text, status, headers }: TransportAnswer): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const kind = headers['content-type'] ?? 'no content type';
    throw new LoginFailure(`The authority answered ${status} with ${kind} where JSON was expected`);
  }
}
