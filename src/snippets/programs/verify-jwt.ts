import { programs } from '../snippets.ts';

/** Who must have signed an access token, where the keys are, and for whom it must be. */
export interface Expected {
  readonly issuer: string;
  readonly jwksUrl: string;
  readonly audience: string;
}

/**
 * Checks an access token as an API does: the signature against the published keys, then type, issuer, audience and
 * time (RFC 9068 §4). The claims of a good one are printed; a bad one ends the program with an error.
 */
export const verifyJwtSnippets = (expected: Expected) =>
  programs({
    curl: inShell(expected),
    typescript: inTypeScript(expected),
    python: inPython(expected),
    go: inGo(expected),
    java: inJava(expected),
  });

const inShell = ({
  issuer,
  jwksUrl,
  audience,
}: Expected) => `IFS=. read -r header claims signature <<TOKEN
$ACCESS_TOKEN
TOKEN
json() { printf %s "$1" | jq -R 'gsub("-"; "+") | gsub("_"; "/") | @base64d | fromjson'; }
hex() { printf %s "$1" | tr '_-' '/+' | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \\n'; }
jwk=$(curl -sS '${jwksUrl}' |
  jq --argjson header "$(json "$header")" '.keys[] | select(.kid == $header.kid)')
numbers=$(hex "$signature==")
files=$(mktemp -d)
trap 'rm -r "$files"' EXIT
# OpenSSL reads keys and signatures as DER.
openssl asn1parse -genconf /dev/stdin -noout -out "$files/key" <<DER
asn1 = SEQUENCE:key
[key]
type = SEQUENCE:type
point = FORMAT:HEX,BITSTRING:04$(hex "$(echo "$jwk" | jq -r .x)=")$(hex "$(echo "$jwk" | jq -r .y)=")
[type]
algorithm = OID:id-ecPublicKey
curve = OID:prime256v1
DER
openssl asn1parse -genconf /dev/stdin -noout -out "$files/signature" <<DER
asn1 = SEQUENCE:signature
[signature]
r = INTEGER:0x$(echo "$numbers" | cut -c 1-64)
s = INTEGER:0x$(echo "$numbers" | cut -c 65-128)
DER
printf %s "$header.$claims" |
  openssl dgst -sha256 -verify "$files/key" -keyform DER -signature "$files/signature" >&2 &&
  json "$header" | jq -e '.typ == "at+jwt"' >&2 &&
  json "$claims" | jq -e 'select(.iss == "${issuer}" and .aud == "${audience}" and .exp > now)'`;

const inTypeScript = ({
  issuer,
  jwksUrl,
  audience,
}: Expected) => `import { createPublicKey, verify } from 'node:crypto';

const [head = '', body = '', signature = ''] = process.env.ACCESS_TOKEN!.split('.');
const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
const [header, claims] = [read(head), read(body)];

const response = await fetch('${jwksUrl}');
const { keys } = (await response.json()) as { keys: JsonWebKey[] };
const jwk = keys.find((key) => 'kid' in key && key.kid === header.kid);
if (!jwk) throw new Error('signed by a key that the server does not publish');

const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' } as const;
const signed = Buffer.from(\`\${head}.\${body}\`);
if (!verify('sha256', signed, key, Buffer.from(signature, 'base64url'))) {
  throw new Error('the signature is wrong');
}
if (
  header.typ !== 'at+jwt' ||
  claims.iss !== '${issuer}' ||
  claims.aud !== '${audience}' ||
  claims.exp <= Date.now() / 1000
) {
  throw new Error('no access token of this server for this API, or expired');
}
console.log(JSON.stringify(claims));`;

const inPython = ({ issuer, jwksUrl, audience }: Expected) => `import json
import os

import jwt  # pip install pyjwt[crypto]

token = os.environ["ACCESS_TOKEN"]
key = jwt.PyJWKClient("${jwksUrl}").get_signing_key_from_jwt(token)
claims = jwt.decode(
    token,
    key.key,
    algorithms=["ES256"],
    issuer="${issuer}",
    audience="${audience}",
    options={"require": ["exp", "iss", "aud"]},
)
if jwt.get_unverified_header(token)["typ"] != "at+jwt":
    raise SystemExit("this is no access token")
print(json.dumps(claims, indent=2))`;

const inGo = ({ issuer, jwksUrl, audience }: Expected) => `package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"strings"
	"time"
)

func main() {
	parts := strings.Split(os.Getenv("ACCESS_TOKEN"), ".")
	if len(parts) != 3 {
		panic("this is no JWT")
	}
	var header struct{ Kid, Typ string }
	var claims struct {
		Iss, Aud string
		Exp      int64
	}
	read(decode(parts[0]), &header)
	read(decode(parts[1]), &claims)

	response, err := http.Get("${jwksUrl}")
	if err != nil {
		panic(err)
	}
	defer response.Body.Close()
	var jwks struct{ Keys []struct{ Kid, X, Y string } }
	if err := json.NewDecoder(response.Body).Decode(&jwks); err != nil {
		panic(err)
	}

	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	signature := decode(parts[2])
	isGood := false
	for _, jwk := range jwks.Keys {
		if jwk.Kid == header.Kid && len(signature) == 64 {
			key := &ecdsa.PublicKey{Curve: elliptic.P256(), X: number(decode(jwk.X)), Y: number(decode(jwk.Y))}
			isGood = ecdsa.Verify(key, digest[:], number(signature[:32]), number(signature[32:]))
		}
	}
	if !isGood {
		panic("the signature is wrong")
	}
	if header.Typ != "at+jwt" || claims.Iss != "${issuer}" ||
		claims.Aud != "${audience}" || claims.Exp <= time.Now().Unix() {
		panic("no access token of this server for this API, or expired")
	}
	fmt.Println(string(decode(parts[1])))
}

${GO_HELPERS}`;

const GO_HELPERS = `func decode(part string) []byte {
	bytes, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		panic(err)
	}
	return bytes
}

func read(text []byte, into any) {
	if err := json.Unmarshal(text, into); err != nil {
		panic(err)
	}
}

func number(bytes []byte) *big.Int {
	return new(big.Int).SetBytes(bytes)
}`;

const inJava = ({ issuer, jwksUrl, audience }: Expected) => `import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.AlgorithmParameters;
import java.security.KeyFactory;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.time.Instant;
import java.util.Base64;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

class VerifyJwt {
  public static void main(String[] arguments) throws Exception {
    var parts = System.getenv("ACCESS_TOKEN").split("\\\\.");
    var header = new String(decode(parts[0]));
    var claims = new String(decode(parts[1]));

    var request = HttpRequest.newBuilder(URI.create("${jwksUrl}")).build();
    var response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    var jwk = Pattern.compile("\\\\{[^{}]*\\\\}").matcher(response.body()).results()
        .map(MatchResult::group)
        .filter(key -> member(key, "kid").equals(member(header, "kid")))
        .findFirst()
        .orElseThrow();

    var curve = AlgorithmParameters.getInstance("EC");
    curve.init(new ECGenParameterSpec("secp256r1"));
    var point = new ECPoint(number(member(jwk, "x")), number(member(jwk, "y")));
    var spec = new ECPublicKeySpec(point, curve.getParameterSpec(ECParameterSpec.class));
    var verifier = Signature.getInstance("SHA256withECDSAinP1363Format");
    verifier.initVerify(KeyFactory.getInstance("EC").generatePublic(spec));
    verifier.update((parts[0] + "." + parts[1]).getBytes());
    if (!verifier.verify(decode(parts[2]))) {
      throw new SecurityException("the signature is wrong");
    }
    if (!member(header, "typ").equals("at+jwt")
        || !member(claims, "iss").equals("${issuer}")
        || !member(claims, "aud").equals("${audience}")
        || Long.parseLong(member(claims, "exp")) <= Instant.now().getEpochSecond()) {
      throw new SecurityException("no access token of this server for this API, or expired");
    }
    System.out.println(claims);
  }

  // Java has no reader of JSON: what a program has at hand for it does this better.
  static String member(String json, String name) {
    var found = Pattern.compile("\\"" + name + "\\"\\\\s*:\\\\s*\\"?([^\\",}]*)").matcher(json);
    return found.find() ? found.group(1) : "";
  }

  static byte[] decode(String part) {
    return Base64.getUrlDecoder().decode(part);
  }

  static BigInteger number(String part) {
    return new BigInteger(1, decode(part));
  }
}`;
