import { programs } from '../snippets.ts';

/** What a program that signs has to be told. */
interface Signing {
  /** Whom the JWT is for. */
  readonly audience: string;
  /** The environment variables of the service account's id, and of its private key (PEM, PKCS #8). */
  readonly account: string;
  readonly key: string;
}

/**
 * A service account's own JWT, for five minutes (RFC 7523 §3). It has no `kid`: none is needed as long as the
 * account has one key.
 */
export const signJwtSnippets = (signing: Signing) =>
  programs({
    curl: inShell(signing),
    typescript: inTypeScript(signing),
    python: inPython(signing),
    go: inGo(signing),
    java: inJava(signing),
  });

const inShell = ({
  audience,
  account,
  key,
}: Signing) => `base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
header=$(printf '{"alg":"ES256","typ":"JWT"}' | base64url)
claims=$(jq -jnc --arg id "$${account}" --arg jti "$(openssl rand -hex 16)" '
  {iss: $id, sub: $id, aud: "${audience}", iat: now | floor, exp: (now | floor + 300), jti: $jti}' | base64url)
# OpenSSL writes a signature as DER; a JWT has its two numbers, of 32 bytes each.
numbers=$(printf %s "$header.$claims" | openssl dgst -sha256 -sign /dev/fd/3 3<<KEY |
$${key}
KEY
  openssl asn1parse -inform DER | sed -n 's/.*INTEGER *://p' | xargs printf '%64s%64s' | tr ' ' 0)
signature=$(openssl asn1parse -genstr "FORMAT:HEX,OCTETSTRING:$numbers" -noout -out /dev/stdout |
  tail -c 64 | base64url)
echo "$header.$claims.$signature"`;

const inTypeScript = ({
  audience,
  account,
  key,
}: Signing) => `import { randomUUID, sign } from 'node:crypto';

const now = Math.floor(Date.now() / 1000);
const account = process.env.${account};
const claims = {
  iss: account,
  sub: account,
  aud: '${audience}',
  iat: now,
  exp: now + 300,
  jti: randomUUID(),
};

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const input = \`\${encode({ alg: 'ES256', typ: 'JWT' })}.\${encode(claims)}\`;
const key = { key: process.env.${key}!, dsaEncoding: 'ieee-p1363' } as const;
console.log(\`\${input}.\${sign('sha256', Buffer.from(input), key).toString('base64url')}\`);`;

const inPython = ({ audience, account, key }: Signing) => `import os
import time
import uuid

import jwt  # pip install pyjwt[crypto]

now = int(time.time())
account = os.environ["${account}"]
claims = {
    "iss": account,
    "sub": account,
    "aud": "${audience}",
    "iat": now,
    "exp": now + 300,
    "jti": str(uuid.uuid4()),
}
print(jwt.encode(claims, os.environ["${key}"], algorithm="ES256"))`;

const inGo = ({ audience, account, key }: Signing) => `package main

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"time"
)

func main() {
	block, _ := pem.Decode([]byte(os.Getenv("${key}")))
	if block == nil {
		panic("PRIVATE_KEY holds no PEM")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		panic(err)
	}
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		panic(err)
	}
	account, now := os.Getenv("${account}"), time.Now().Unix()
	claims, err := json.Marshal(map[string]any{
		"iss": account,
		"sub": account,
		"aud": "${audience}",
		"iat": now,
		"exp": now + 300,
		"jti": hex.EncodeToString(id),
	})
	if err != nil {
		panic(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	input := encode([]byte(\`{"alg":"ES256","typ":"JWT"}\`)) + "." + encode(claims)
	digest := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, key.(*ecdsa.PrivateKey), digest[:])
	if err != nil {
		panic(err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	fmt.Println(input + "." + encode(signature))
}`;

const inJava = ({ audience, account, key }: Signing) => `import java.security.KeyFactory;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.Base64;
import java.util.UUID;

class SignJwt {
  public static void main(String[] arguments) throws Exception {
    var pem = System.getenv("${key}").replaceAll("-----.*-----", "");
    var spec = new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(pem));
    var account = System.getenv("${account}");
    var now = Instant.now().getEpochSecond();
    var claims = String.format(
        "{\\"iss\\": \\"%s\\", \\"sub\\": \\"%s\\", \\"aud\\": \\"%s\\", \\"iat\\": %d, \\"exp\\": %d, \\"jti\\": \\"%s\\"}",
        account, account, "${audience}", now, now + 300, UUID.randomUUID());
    var input = encode("{\\"alg\\":\\"ES256\\",\\"typ\\":\\"JWT\\"}".getBytes())
        + "." + encode(claims.getBytes());
    var signer = Signature.getInstance("SHA256withECDSAinP1363Format");
    signer.initSign(KeyFactory.getInstance("EC").generatePrivate(spec));
    signer.update(input.getBytes());
    System.out.println(input + "." + encode(signer.sign()));
  }

  static String encode(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}`;
