import {
  authorize,
  authorizeUrl,
  newPkce,
  type Parameters,
  type Pkce,
  redeem,
  type TokenAnswer,
} from './flows.ts';
import type { TestClient, TestGatehouse, TestUser } from './gatehouse.ts';
import { createUserAgent } from './user-agent.ts';

export interface SignedIn {
  /** A fresh code; a parameter set to undefined is left out of the authorization request. */
  code(client: TestClient, more?: Parameters): Promise<{ code: string; pkce: Pkce }>;
  /** Tokens from a fresh code. */
  tokens(
    client: TestClient,
    more?: Parameters,
  ): Promise<TokenAnswer['body'] & { access_token: string; refresh_token: string }>;
}

/** A browser in which the user stays signed in: codes and tokens without a password each time. */
export function createSignedIn(gatehouse: TestGatehouse, user: TestUser): SignedIn {
  const agent = createUserAgent();
  const signedIn: SignedIn = {
    async code(client, more = {}) {
      const pkce = newPkce();
      const url = authorizeUrl(gatehouse, client, pkce, more);
      const back = await authorize(agent, url, user);
      const code = back.searchParams.get('code');
      if (!code) throw new Error(`no code in ${back.href}`);
      return { code, pkce };
    },
    async tokens(client, more) {
      const { code, pkce } = await signedIn.code(client, more);
      const answer = await redeem(gatehouse, client, code, pkce);
      if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
      return answer.body as never;
    },
  };
  return signedIn;
}
