package dev.gatehouse.client;

import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Keeps the keys of the issuer (RFC 7517). One thread fetches while the others wait. */
final class KeySet {
  private static final Duration KEPT = Duration.ofSeconds(300);
  /** Strangers cause one fetch in this time. */
  private static final Duration STRANGER_INTERVAL = Duration.ofSeconds(60);
  /** While old keys serve and the server is away, it is asked this often. */
  private static final Duration OUTAGE_INTERVAL = Duration.ofSeconds(10);

  /** Returns the JSON of the set. */
  interface Source {
    String fetch() throws InterruptedException;
  }

  private final Source source;
  private final Clock clock;
  private Map<String, ECPublicKey> keys;
  private Instant fetchedAt = Instant.MIN;
  private Instant failedAt = Instant.MIN;
  private Instant strangersAt = Instant.MIN;

  KeySet(Source source, Clock clock) {
    this.source = source;
    this.clock = clock;
  }

  /** Null for a kid that the issuer doesn't have. */
  synchronized ECPublicKey find(String kid) throws TokenRefusedException, InterruptedException {
    Instant now = clock.instant();
    boolean isStale = now.isAfter(later(fetchedAt, KEPT)) && !now.isBefore(later(failedAt, OUTAGE_INTERVAL));
    if (keys == null || isStale) refresh(now);
    if (keys == null) throw TokenRefusedException.unavailable();
    if (!keys.containsKey(kid) && !now.isBefore(later(strangersAt, STRANGER_INTERVAL))) {
      strangersAt = now;
      refresh(now);
    }
    return keys.get(kid);
  }

  private static Instant later(Instant time, Duration by) {
    return time.equals(Instant.MIN) ? time : time.plus(by);
  }

  private void refresh(Instant now) throws InterruptedException {
    try {
      keys = read(source.fetch());
      fetchedAt = now;
      failedAt = Instant.MIN;
    } catch (GatehouseException | IllegalArgumentException unreachable) {
      failedAt = now;
    }
  }

  /** Keys for ES256; all others are passed over. */
  private static Map<String, ECPublicKey> read(String text) {
    if (!(Json.at(Json.read(text), "keys") instanceof List<?> all)) throw new IllegalArgumentException("no key set");
    Map<String, ECPublicKey> found = new HashMap<>();
    for (Object key : all) {
      boolean fits =
          "EC".equals(Json.at(key, "kty"))
              && "P-256".equals(Json.at(key, "crv"))
              && List.of("sig", "").contains(orEmpty(Json.at(key, "use")))
              && List.of("ES256", "").contains(orEmpty(Json.at(key, "alg")));
      if (fits && Json.at(key, "kid") instanceof String kid) found.put(kid, publicKey(key));
    }
    return found;
  }

  private static Object orEmpty(Object value) {
    return value == null ? "" : value;
  }

  private static ECPublicKey publicKey(Object key) {
    try {
      AlgorithmParameters curve = AlgorithmParameters.getInstance("EC");
      curve.init(new ECGenParameterSpec("secp256r1"));
      ECPoint point = new ECPoint(number(Json.at(key, "x")), number(Json.at(key, "y")));
      ECPublicKeySpec spec = new ECPublicKeySpec(point, curve.getParameterSpec(ECParameterSpec.class));
      return (ECPublicKey) KeyFactory.getInstance("EC").generatePublic(spec);
    } catch (GeneralSecurityException unusable) {
      throw new IllegalArgumentException("a key that is none", unusable);
    }
  }

  private static BigInteger number(Object text) {
    return new BigInteger(1, Base64.getUrlDecoder().decode(String.valueOf(text)));
  }
}
