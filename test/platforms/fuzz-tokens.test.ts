import t from 'tap';
import { JWT_BEARER } from '../../src/oauth/grants/jwt-bearer.ts';
import { KEYS_PATH, unhurriedKloakd } from '../credentials/stranger.ts';
import { addPerson, REFRESH_PATH, TOKEN_PATH } from '../credentials/user-token-callers.ts';
import { openDesk } from '../gate/desk.ts';
import { createUser, startGatehouse } from '../support/gatehouse.ts';
import type { RawAnswer } from '../support/raw-request.ts';
import { createSecrets, mistakeAnywhere, mistakeInWords, runFuzz, SEED } from './fuzz-run.ts';
import {
  type AssertionRequest,
  createAssertionRequests,
  createAssertions,
  createSigningPair,
} from './hostile-assertions.ts';
import type { HostileRequest } from './hostile-requests.ts';
import { createPlaygroundKeyRequests, createUserTokenRequests } from './hostile-tokens.ts';
import { createDice } from './hostile-values.ts';

// Whoever asks for a token or a key has proven nothing yet: the endpoints under requests nobody honest sends.

const BEHIND_PROXY = { environment: { TRUST_PROXY: 'loopback' } };

/** Words as the dialect of a platform has them; what leaves the path is nobody's, and a problem document. */
const judge =
  (isWorded: (answer: RawAnswer) => boolean) => (request: HostileRequest, answer: RawAnswer) => {
    const mistake = mistakeAnywhere(answer);
    if (mistake || answer.status < 400 || request.method === 'HEAD') return mistake;
    return mistakeInWords(answer, isWorded);
  };

t.test('a fuzz run over the user tokens of kliq', async (t) => {
  const gatehouse = await startGatehouse(t, { platform: 'kliq', ...BEHIND_PROXY });
  const people = [await createUser(gatehouse), await createUser(gatehouse)];
  const [{ organizationId }] = people as [(typeof people)[number]];
  const member = await addPerson(gatehouse, { organizationId, role: 'member' });
  const all = [...people, { ...member, organizationId }];
  const secrets = createSecrets(
    gatehouse,
    all.map(({ password }) => password),
  );
  const refreshTokens: string[] = [];
  const dice = createDice(SEED + 1);
  const next = createUserTokenRequests(dice, {
    ...{ tokenPath: TOKEN_PATH, refreshPath: REFRESH_PATH, people: all, refreshTokens },
    scopes: gatehouse.platform.scopes.map(({ name }) => name),
    newPassword: secrets.newPassword,
  });
  const judged = judge(
    ({ json, status }) =>
      json.statusCode === status &&
      typeof json.error === 'string' &&
      typeof json.message === 'string',
  );
  const mistakeIn = (request: HostileRequest, answer: RawAnswer) => {
    const { refreshToken, accessToken } = answer.json;
    if (typeof refreshToken === 'string') refreshTokens.push(refreshToken);
    if (answer.status === 200 && !accessToken) return 'a success without tokens';
    return judged(request, answer);
  };
  const statuses = [200, 400, 401, 404, 415];
  await runFuzz(t, { gatehouse, requests: 160, secrets, next, mistakeIn, statuses });
});

t.test('a fuzz run over the playground keys of kloakd', async (t) => {
  const platform = await unhurriedKloakd();
  const gatehouse = await startGatehouse(t, { platform, ...BEHIND_PROXY });
  const secrets = createSecrets(gatehouse, []);
  const next = createPlaygroundKeyRequests(createDice(SEED + 2), KEYS_PATH);
  const judged = judge(
    ({ json }) => typeof json.error === 'string' && typeof json.message === 'string',
  );
  const mistakeIn = (request: HostileRequest, answer: RawAnswer) => {
    const isMade = answer.status === 201;
    if (isMade && !/^sk-test-/.test(String(answer.json.key))) return 'a success without a key';
    return judged(request, answer);
  };
  const statuses = [201, 400, 404, 415];
  await runFuzz(t, { gatehouse, requests: 160, secrets, next, mistakeIn, statuses });
});

t.test('a fuzz run over the JWT bearer grant of kaie (RFC 7523)', async (t) => {
  const desk = await openDesk(t, 'kaie');
  const { gatehouse } = desk;
  const pair = createSigningPair('key-1');
  const scopes = ['workflows:read', 'triggers:read'];
  const { body: account } = await desk.call('POST', '/manage/v1/service-accounts', {
    ...{ organization_id: await desk.organization(), name: 'Nightly job', scopes },
    jwks: { keys: [pair.jwk] },
  });
  const secrets = createSecrets(gatehouse, []);
  const dice = createDice(SEED + 3);
  const next = createAssertionRequests(dice, {
    nextAssertion: createAssertions(dice, {
      ...{ accountId: account.id, issuer: gatehouse.issuer, pair },
    }),
    ...{ grantType: JWT_BEARER, accountId: account.id, scopes, remember: secrets.add },
  });
  const judged = judge(
    ({ json, headers }) =>
      typeof json.error === 'string' &&
      typeof json.error_description === 'string' &&
      headers['cache-control'] === 'no-store',
  );
  const mistakeIn = (request: AssertionRequest, answer: RawAnswer) => {
    if (request.isForged && answer.status === 200) return 'a token for a forged assertion';
    return judged(request, answer);
  };
  const statuses = [200, 400, 401];
  await runFuzz(t, { gatehouse, requests: 400, secrets, next, mistakeIn, statuses });
});
