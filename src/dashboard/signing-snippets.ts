import type { ServiceAccount } from '../credentials/service-accounts/service-account.ts';
import type { SigningSnippet } from '../pages/service-account-models.ts';

/** How long the JWTs of the examples live, seconds. */
const LIFE_SECONDS = 300;

/**
 * Programs that print a JWT of the account's. They read the private key from the file that
 * PRIVATE_KEY_FILE names, so that it stands in no code.
 *
 * @param audience what the JWT is for: the API's identifier
 * @see RFC 7523 §3
 */
export function signingSnippets(
  account: Pick<ServiceAccount, 'id' | 'keys'>,
  audience: string,
  longestLifeSeconds: number,
): SigningSnippet[] {
  const newest = account.keys.at(-1)!;
  const facts = {
    ...{ id: account.id, audience, alg: newest.alg, kid: newest.kid },
    life: Math.min(LIFE_SECONDS, longestLifeSeconds),
  };
  return [
    { language: 'typescript', code: typescript(facts) },
    { language: 'python', code: python(facts) },
  ];
}

interface Facts {
  id: string;
  audience: string;
  alg: string;
  kid: string;
  life: number;
}

/** As text of both languages: JSON's escapes are theirs, too. */
const quoted = (text: string) => JSON.stringify(text);

const typescript = ({ id, audience, alg, kid, life }: Facts) =>
  `// npm install jose
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { importPKCS8, SignJWT } from 'jose';

const account = ${quoted(id)};
const pem = await readFile(process.env.PRIVATE_KEY_FILE!, 'utf8');
const key = await importPKCS8(pem, ${quoted(alg)});
const now = Math.floor(Date.now() / 1000);

const jwt = await new SignJWT({
  iss: account,
  sub: account,
  aud: ${quoted(audience)},
  iat: now,
  exp: now + ${life},
  jti: randomUUID(),
})
  .setProtectedHeader({ alg: ${quoted(alg)}, kid: ${quoted(kid)} })
  .sign(key);

console.log(jwt); // Authorization: Bearer …
`;

const python = ({ id, audience, alg, kid, life }: Facts) =>
  `# pip install "pyjwt[crypto]"
import os, time, uuid
from pathlib import Path
import jwt

account = ${quoted(id)}
key = Path(os.environ["PRIVATE_KEY_FILE"]).read_text()
now = int(time.time())

token = jwt.encode(
    {
        "iss": account,
        "sub": account,
        "aud": ${quoted(audience)},
        "iat": now,
        "exp": now + ${life},
        "jti": str(uuid.uuid4()),
    },
    key,
    algorithm=${quoted(alg)},
    headers={"kid": ${quoted(kid)}},
)

print(token)  # Authorization: Bearer …
`;
