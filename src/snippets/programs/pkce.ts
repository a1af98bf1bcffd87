import { programs } from '../snippets.ts';

/**
 * What protects a round trip through the browser, one `NAME=value` to a line: code verifier, its challenge
 * (RFC 7636 §4), state and nonce, of 256 bits each.
 */
export const pkceSnippets = () =>
  programs({
    curl: SHELL,
    typescript: TYPESCRIPT,
    python: PYTHON,
    go: GO,
    java: JAVA,
  });

const SHELL = `base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
export CODE_VERIFIER="$(openssl rand 32 | base64url)"
export CODE_CHALLENGE="$(printf %s "$CODE_VERIFIER" | openssl dgst -sha256 -binary | base64url)"
export STATE="$(openssl rand 32 | base64url)"
export NONCE="$(openssl rand 32 | base64url)"
cat <<VALUES
CODE_VERIFIER=$CODE_VERIFIER
CODE_CHALLENGE=$CODE_CHALLENGE
STATE=$STATE
NONCE=$NONCE
VALUES`;

const TYPESCRIPT = `import { createHash, randomBytes } from 'node:crypto';

const random = () => randomBytes(32).toString('base64url');

const verifier = random();
const challenge = createHash('sha256').update(verifier).digest('base64url');
console.log(\`CODE_VERIFIER=\${verifier}\`);
console.log(\`CODE_CHALLENGE=\${challenge}\`);
console.log(\`STATE=\${random()}\`);
console.log(\`NONCE=\${random()}\`);`;

const PYTHON = `import hashlib
import secrets
from base64 import urlsafe_b64encode

verifier = secrets.token_urlsafe(32)
digest = hashlib.sha256(verifier.encode()).digest()
challenge = urlsafe_b64encode(digest).rstrip(b"=").decode()
print(f"CODE_VERIFIER={verifier}")
print(f"CODE_CHALLENGE={challenge}")
print(f"STATE={secrets.token_urlsafe(32)}")
print(f"NONCE={secrets.token_urlsafe(32)}")`;

const GO = `package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
)

func random() string {
	bytes := make([]byte, 32)
	if _, err := rand.Read(bytes); err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(bytes)
}

func main() {
	verifier := random()
	digest := sha256.Sum256([]byte(verifier))
	challenge := base64.RawURLEncoding.EncodeToString(digest[:])
	fmt.Println("CODE_VERIFIER=" + verifier)
	fmt.Println("CODE_CHALLENGE=" + challenge)
	fmt.Println("STATE=" + random())
	fmt.Println("NONCE=" + random())
}`;

const JAVA = `import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;

class Prepare {
  public static void main(String[] arguments) throws Exception {
    var verifier = random();
    var digest = MessageDigest.getInstance("SHA-256").digest(verifier.getBytes());
    System.out.println("CODE_VERIFIER=" + verifier);
    System.out.println("CODE_CHALLENGE=" + encode(digest));
    System.out.println("STATE=" + random());
    System.out.println("NONCE=" + random());
  }

  static String random() {
    var bytes = new byte[32];
    new SecureRandom().nextBytes(bytes);
    return encode(bytes);
  }

  static String encode(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}`;
