// What a button does beside sending its request: before it, and with the answer.

import { learn, recall } from './memory.js';
import { newAttempt, random } from './pkce.js';
import { newKeyPair, sign, signJwt } from './service-jwt.js';
import { decode } from './tokens.js';

/** What is done without a request. */
export const ACTS = {
  generate: async () =>
    learn({ ...(await newAttempt()), CODE: '', STATE_RETURNED: '', ISSUER_RETURNED: '' }),
  new_key_pair: newKeyPair,
  sign,
};

/** What must be known for an act. */
export const ACT_NEEDS = { sign: ['PRIVATE_KEY', 'ACCOUNT_ID'] };

/** Variables that are made for a lesson, from what must be known for them. */
export const MADE = {
  WRONG_VERIFIER: { needs: [], make: async () => random() },
  WRONG_SECRET: { needs: [], make: async () => random() },
  WRONG_PASSWORD: { needs: [], make: async () => random() },
  EXPIRED_TOKEN: {
    needs: [],
    make: async () => {
      const response = await fetch('/playground/expired-token', {
        method: 'POST',
        credentials: 'omit',
      });
      return (await response.json()).access_token;
    },
  },
  EXPIRED_JWT: {
    needs: ['PRIVATE_KEY', 'ACCOUNT_ID'],
    make: async () => (await signJwt(7200)).jwt,
  },
  MISTYPED_KEY: { needs: ['API_KEY'], make: async () => mistyped(recall('API_KEY')) },
};

const mistyped = (key) => `${key.slice(0, -1)}${key.endsWith('a') ? 'b' : 'a'}`;

/** What is learned from an answer, by what was run. */
export const AFTER = {
  redeem: (answer) => {
    if (takeTokens(answer)) learn({ USED_CODE: recall('CODE'), CODE: '' });
  },
  // Refused, and spent all the same.
  wrong_verifier: () => learn({ CODE: '' }),
  client_token: takeTokens,
  sign_in: takeTokens,
  exchange: (answer) => {
    if (takeTokens(answer)) useUpJwt();
  },
  renew: (answer) => {
    const before = recall('REFRESH_TOKEN');
    if (takeTokens(answer)) learn({ USED_REFRESH_TOKEN: before });
  },
  call: useUpOwnJwt,
  ask: useUpOwnJwt,
};

function useUpOwnJwt() {
  if (recall('SERVICE_JWT')) useUpJwt();
}

const useUpJwt = () => learn({ USED_JWT: recall('SERVICE_JWT'), SERVICE_JWT: '' });

/** In the words of `/oauth/token` or of the platform. @returns whether there was a token */
function takeTokens({ json }) {
  const access = json?.access_token ?? json?.accessToken;
  if (!access) return false;
  const refresh = json.refresh_token ?? json.refreshToken;
  learn({
    ACCESS_TOKEN: access,
    ...(refresh ? { REFRESH_TOKEN: refresh } : {}),
    ...(json.id_token ? { ID_TOKEN: json.id_token } : {}),
    ORGANIZATION_ID: decode(access)?.claims.org_id ?? recall('ORGANIZATION_ID'),
  });
  return true;
}
