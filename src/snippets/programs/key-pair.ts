import { programs } from '../snippets.ts';

/**
 * A key pair for ES256: the private half goes into `private-key.pem`, for its owner's eyes alone, and the
 * public half is printed as the key set that a service account is registered with (RFC 7517 §5).
 */
export const keyPairSnippets = () =>
  programs({
    curl: SHELL,
    typescript: TYPESCRIPT,
    python: PYTHON,
    go: GO,
    java: JAVA,
  });

const SHELL = `base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
(umask 077; openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out private-key.pem)
# The public key ends with its point: x and y, of 32 bytes each.
point() { openssl pkey -in private-key.pem -pubout -outform DER | tail -c 64; }
jq -n --arg x "$(point | head -c 32 | base64url)" --arg y "$(point | tail -c 32 | base64url)" \\
  '{keys: [{kty: "EC", crv: "P-256", x: $x, y: $y, alg: "ES256", use: "sig"}]}'`;

const TYPESCRIPT = `import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
writeFileSync('private-key.pem', pem, { mode: 0o600 });
const jwk = { ...publicKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' };
console.log(JSON.stringify({ keys: [jwk] }));`;

const PYTHON = `import json
import os
from base64 import urlsafe_b64encode

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

key = ec.generate_private_key(ec.SECP256R1())
pem = key.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
)
with open(os.open("private-key.pem", os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
    file.write(pem)


def encode(number):
    return urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()


point = key.public_key().public_numbers()
jwk = {
    "kty": "EC",
    "crv": "P-256",
    "x": encode(point.x),
    "y": encode(point.y),
    "alg": "ES256",
    "use": "sig",
}
print(json.dumps({"keys": [jwk]}, indent=2))`;

const GO = `package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"
)

func main() {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	file := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
	if err := os.WriteFile("private-key.pem", file, 0o600); err != nil {
		panic(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		panic(err)
	}
	// The public key ends with its point: x and y, of 32 bytes each.
	point := public[len(public)-64:]
	x := base64.RawURLEncoding.EncodeToString(point[:32])
	y := base64.RawURLEncoding.EncodeToString(point[32:])
	const jwks = \`{"keys": [{"kty": "EC", "crv": "P-256", "x": "%s", "y": "%s", "alg": "ES256", "use": "sig"}]}\`
	fmt.Printf(jwks+"\\n", x, y)
}`;

const JAVA = `import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.util.Arrays;
import java.util.Base64;

class MakeKeyPair {
  public static void main(String[] arguments) throws Exception {
    var generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    var pair = generator.generateKeyPair();
    var pem = "-----BEGIN PRIVATE KEY-----\\n"
        + Base64.getMimeEncoder().encodeToString(pair.getPrivate().getEncoded())
        + "\\n-----END PRIVATE KEY-----\\n";
    var ownerOnly = PosixFilePermissions.fromString("rw-------");
    var file = Path.of("private-key.pem");
    Files.deleteIfExists(file);
    Files.createFile(file, PosixFilePermissions.asFileAttribute(ownerOnly));
    Files.writeString(file, pem);
    // The public key ends with its point: x and y, of 32 bytes each.
    var key = pair.getPublic().getEncoded();
    var x = encode(Arrays.copyOfRange(key, key.length - 64, key.length - 32));
    var y = encode(Arrays.copyOfRange(key, key.length - 32, key.length));
    System.out.printf(
        "{\\"keys\\": [{\\"kty\\": \\"EC\\", \\"crv\\": \\"P-256\\", \\"x\\": \\"%s\\", \\"y\\": \\"%s\\","
            + " \\"alg\\": \\"ES256\\", \\"use\\": \\"sig\\"}]}%n",
        x, y);
  }

  static String encode(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}`;
