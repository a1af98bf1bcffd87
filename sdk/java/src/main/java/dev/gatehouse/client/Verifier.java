package dev.gatehouse.client;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * For an API behind the gate: checks tokens by the issuer's keys, without asking the issuer about each. Safe
 * for use by many threads; make one and keep it.
 */
public final class Verifier {
  /** Where the gate says who calls. */
  public static final String ASSERTION_HEADER = "X-Gatehouse-Assertion";

  private static final String ASSERTION_TYPE = "gatehouse-assertion+jwt";
  private static final String ACCESS_TOKEN_TYPE = "at+jwt";
  private static final double CLOCK_TOLERANCE_SECONDS = 5;
  private static final Pattern BEARER = Pattern.compile("bearer +(\\S+)", Pattern.CASE_INSENSITIVE);

  private final String issuer;
  private final String audience;
  private final Clock clock;
  private final KeySet keys;

  Verifier(String issuer, String audience, Clock clock, KeySet.Source source) {
    this.issuer = issuer;
    this.audience = audience;
    this.clock = clock;
    this.keys = new KeySet(source, clock);
  }

  /**
   * @param issuer of Gatehouse, exactly as it is in iss; its keys are at /oauth/jwks
   * @param audience the identifier of your API
   * @throws ConfigurationException where one of them can't be used
   */
  public static Verifier of(String issuer, String audience) {
    return of(issuer, audience, Text.withoutSlashes(issuer) + "/oauth/jwks");
  }

  /** @param jwksUrl where the keys are */
  public static Verifier of(String issuer, String audience, String jwksUrl) {
    if (!Text.isPlainUrl(issuer) || !Text.isPlainUrl(jwksUrl)) {
      throw new ConfigurationException("issuer and jwksUrl must be http:// or https:// addresses");
    }
    if (audience.isEmpty()) throw new ConfigurationException("audience is missing: the identifier of your API");
    Transport transport = Transport.over(Duration.ofSeconds(5));
    Transport.Outgoing request =
        new Transport.Outgoing("GET", URI.create(jwksUrl), List.of(Map.entry("Accept", "application/json")), null);
    return new Verifier(issuer, audience, Clock.systemUTC(), () -> fetched(transport.send(request)));
  }

  private static String fetched(Response answer) {
    if (answer.status() == 200) return answer.text();
    throw new ConnectionException("the key set's address answered " + answer.status());
  }

  /**
   * Checks the assertion where there is one, and the bearer access token otherwise.
   *
   * @param assertions all values of {@link #ASSERTION_HEADER}
   * @param authorizations all values of Authorization
   */
  public Principal verify(List<String> assertions, List<String> authorizations, String... scopes)
      throws TokenRefusedException, InterruptedException {
    boolean isAsserted = assertions.stream().anyMatch(value -> !value.isEmpty());
    List<String> values = isAsserted ? assertions : authorizations;
    if (values.size() > 1) throw TokenRefusedException.invalid();
    String value = values.isEmpty() ? "" : values.get(0).trim();
    return isAsserted ? verifyAssertion(value, scopes) : verifyAccessToken(bearerOf(value), scopes);
  }

  private static String bearerOf(String authorization) {
    Matcher match = BEARER.matcher(authorization);
    return match.matches() ? match.group(1) : "";
  }

  /** @param assertion what the gate put into {@link #ASSERTION_HEADER}; null or empty for none */
  public Principal verifyAssertion(String assertion, String... scopes)
      throws TokenRefusedException, InterruptedException {
    Object claims = verify(assertion, ASSERTION_TYPE);
    String kind = text(claims, "credential");
    String id = text(claims, "credential_id");
    if (kind == null || id == null) throw TokenRefusedException.invalid();
    return require(principal(claims, kind, id), scopes);
  }

  /**
   * An access token of RFC 9068. One that is bound to a key (cnf) is refused: that takes a proof, which only
   * the gate looks at.
   *
   * @param token null or empty for none
   */
  public Principal verifyAccessToken(String token, String... scopes)
      throws TokenRefusedException, InterruptedException {
    Object claims = verify(token, ACCESS_TOKEN_TYPE);
    if (Json.at(claims, "cnf") != null) throw TokenRefusedException.invalid();
    String grant = text(claims, "grant_id");
    return require(principal(claims, "access_token", grant == null ? text(claims, "client_id") : grant), scopes);
  }

  private static Principal require(Principal principal, String... scopes) throws TokenRefusedException {
    if (principal.hasScopes(scopes)) return principal;
    throw TokenRefusedException.lacking(scopes);
  }

  private static Principal principal(Object claims, String kind, String id) {
    String scope = text(claims, "scope");
    List<String> scopes = scope == null ? List.of() : Arrays.stream(scope.split(" ")).filter(one -> !one.isEmpty()).toList();
    boolean isAccessToken = kind.equals("access_token") && text(claims, "credential") == null;
    return new Principal(
        kind,
        id,
        text(claims, "sub"),
        text(claims, "org_id"),
        isAccessToken ? null : text(claims, "environment"),
        scopes,
        isAccessToken ? null : text(claims, "plan"));
  }

  private static String text(Object claims, String name) {
    return Json.at(claims, name) instanceof String text && !text.isEmpty() ? text : null;
  }

  /** What both sorts of tokens have in common (RFC 7515 §5.2, RFC 7519 §7.2). */
  private Object verify(String token, String type) throws TokenRefusedException, InterruptedException {
    if (token == null || token.isEmpty()) throw TokenRefusedException.missing();
    String[] parts = token.split("\\.", -1);
    if (parts.length != 3) throw TokenRefusedException.invalid();
    Object header = json(parts[0]);
    Object claims = json(parts[1]);
    String kid = text(header, "kid");
    boolean isExpected =
        "ES256".equals(text(header, "alg"))
            && type.equals(text(header, "typ"))
            && kid != null
            && !((Map<?, ?>) header).containsKey("crit");
    if (!isExpected) throw TokenRefusedException.invalid();
    ECPublicKey key = keys.find(kid);
    boolean isGood = key != null && isSigned(key, parts[0] + "." + parts[1], parts[2]) && isForUs(claims);
    if (!isGood) throw TokenRefusedException.invalid();
    return claims;
  }

  private static Object json(String part) throws TokenRefusedException {
    byte[] data = decoded(part);
    Object found = data == null ? null : Json.readOrNull(new String(data, StandardCharsets.UTF_8));
    if (found instanceof Map<?, ?>) return found;
    throw TokenRefusedException.invalid();
  }

  /** One spelling only: no padding, no bits that mean nothing. Null for any other. */
  private static byte[] decoded(String text) {
    try {
      byte[] data = Base64.getUrlDecoder().decode(text);
      return Base64.getUrlEncoder().withoutPadding().encodeToString(data).equals(text) ? data : null;
    } catch (IllegalArgumentException unreadable) {
      return null;
    }
  }

  /** RFC 7518 §3.4. */
  private static boolean isSigned(ECPublicKey key, String input, String encoded) {
    byte[] signature = decoded(encoded);
    if (signature == null || signature.length != 64) return false;
    try {
      Signature check = Signature.getInstance("SHA256withECDSAinP1363Format");
      check.initVerify(key);
      check.update(input.getBytes(StandardCharsets.US_ASCII));
      return check.verify(signature);
    } catch (GeneralSecurityException unusable) {
      return false;
    }
  }

  private boolean isForUs(Object claims) {
    double now = clock.instant().getEpochSecond();
    Object issued = Json.at(claims, "iat");
    boolean isTimely =
        Json.at(claims, "exp") instanceof Double expires
            && expires + CLOCK_TOLERANCE_SECONDS > now
            && (issued == null || issued instanceof Double time && time - CLOCK_TOLERANCE_SECONDS <= now);
    Object audiences = Json.at(claims, "aud");
    boolean isOurs = audience.equals(audiences) || audiences instanceof List<?> several && several.contains(audience);
    return isTimely && isOurs && issuer.equals(text(claims, "iss")) && text(claims, "sub") != null;
  }
}
