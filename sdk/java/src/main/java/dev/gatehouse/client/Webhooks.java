package dev.gatehouse.client;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Verifies deliveries. Where webhook-signature is present, Standard Webhooks counts and nothing else,
 * otherwise the platform's own header. Comparisons take constant time.
 *
 * @see <a href="https://github.com/standard-webhooks/standard-webhooks">Standard Webhooks</a>
 */
public final class Webhooks {
  private static final String PREFIX = "whsec_";
  private static final byte[] UNREADABLE = {};

  private final Platform.WebhookFormat format;
  private final List<byte[]> keys;
  private final Duration tolerance;
  private final Clock clock;

  /** A delivery that was verified: id is the same on every attempt; each is empty where the style has none. */
  public record Delivered(Optional<String> id, Optional<Instant> timestamp) {}

  private Webhooks(Platform.WebhookFormat format, List<byte[]> keys, Duration tolerance, Clock clock) {
    this.format = format;
    this.keys = keys;
    this.tolerance = tolerance;
    this.clock = clock;
  }

  /**
   * @param secrets as whsec_ and base64: more than one while a secret is being rotated
   * @throws ConfigurationException for secrets that can't be used
   */
  public static Webhooks of(Platform platform, String... secrets) {
    return of(platform.webhook(), List.of(secrets), Duration.ofMinutes(5), Clock.systemUTC());
  }

  /** @param tolerance of the timestamp, to either side */
  static Webhooks of(Platform.WebhookFormat format, List<String> secrets, Duration tolerance, Clock clock) {
    if (secrets.isEmpty()) throw new ConfigurationException("no webhook secret");
    return new Webhooks(format, secrets.stream().map(Webhooks::keyOf).toList(), tolerance, clock);
  }

  private static byte[] keyOf(String secret) {
    byte[] key = secret.startsWith(PREFIX) ? fromBase64(secret.substring(PREFIX.length())) : UNREADABLE;
    if (key.length > 0) return key;
    throw new ConfigurationException("a webhook secret must be whsec_ and base64, as it was shown when it was made");
  }

  /**
   * @param payload the body as it arrived, byte for byte
   * @param headers names in any spelling
   * @throws WebhookException for a delivery that must not be taken
   */
  public Delivered verify(byte[] payload, Map<String, String> headers) throws WebhookException {
    Function<String, String> header = name -> headerOf(headers, name);
    if (header.apply("webhook-signature") != null) return verifyStandard(payload, header);
    String value = header.apply(format.header());
    if (value == null || value.isEmpty()) throw new WebhookException("missing_signature");
    return format.style().equals("plain") ? verifyPlain(payload, value) : verifyTimestamped(payload, value);
  }

  private static String headerOf(Map<String, String> headers, String name) {
    for (Map.Entry<String, String> header : headers.entrySet()) {
      if (header.getKey().equalsIgnoreCase(name)) return header.getValue();
    }
    return null;
  }

  private Delivered verifyStandard(byte[] payload, Function<String, String> header) throws WebhookException {
    String id = header.apply("webhook-id");
    String time = header.apply("webhook-timestamp");
    String list = header.apply("webhook-signature");
    for (String needed : Arrays.asList(id, time, list)) {
      if (needed == null || needed.isEmpty()) throw new WebhookException("missing_signature");
    }
    List<byte[]> signatures = new ArrayList<>();
    for (String entry : list.trim().split("\\s+")) {
      if (entry.startsWith("v1,")) signatures.add(fromBase64(entry.substring(3)));
    }
    return verifyTimed(payload, time, id + "." + time + ".", signatures, Optional.of(id));
  }

  private Delivered verifyTimestamped(byte[] payload, String value) throws WebhookException {
    List<String> times = new ArrayList<>();
    List<byte[]> signatures = new ArrayList<>();
    for (String part : value.split(",")) {
      String entry = part.trim();
      if (entry.startsWith("t=")) times.add(entry.substring(2));
      if (entry.startsWith("v1=")) signatures.add(fromHex(entry.substring(3)));
    }
    if (times.size() != 1) throw new WebhookException("malformed_signature");
    return verifyTimed(payload, times.get(0), times.get(0) + ".", signatures, Optional.empty());
  }

  private Delivered verifyPlain(byte[] payload, String value) throws WebhookException {
    List<byte[]> signatures = new ArrayList<>();
    for (String part : value.split(",")) {
      String entry = part.trim();
      if (entry.startsWith("sha256=")) signatures.add(fromHex(entry.substring(7)));
    }
    if (signatures.isEmpty()) throw new WebhookException("malformed_signature");
    if (!isSigned(payload, "", signatures)) throw new WebhookException("signature_mismatch");
    return new Delivered(Optional.empty(), Optional.empty());
  }

  /** The signature first: who can't sign learns nothing about the clock. */
  private Delivered verifyTimed(
      byte[] payload, String time, String before, List<byte[]> signatures, Optional<String> id)
      throws WebhookException {
    // Up to the year 5138: beyond that a time is no time.
    boolean isReadable = time.matches("[0-9]{1,11}") && !signatures.isEmpty();
    if (!isReadable) throw new WebhookException("malformed_signature");
    if (!isSigned(payload, before, signatures)) throw new WebhookException("signature_mismatch");
    long seconds = Long.parseLong(time);
    long away = Math.abs(clock.instant().getEpochSecond() - seconds);
    if (away > tolerance.toSeconds()) throw new WebhookException("timestamp_out_of_tolerance");
    return new Delivered(id, Optional.of(Instant.ofEpochSecond(seconds)));
  }

  private boolean isSigned(byte[] payload, String before, List<byte[]> signatures) {
    boolean found = false;
    for (byte[] key : keys) {
      byte[] expected = hmac(key, before.getBytes(StandardCharsets.UTF_8), payload);
      for (byte[] signature : signatures) found |= MessageDigest.isEqual(expected, signature);
    }
    return found;
  }

  private static byte[] hmac(byte[] key, byte[] before, byte[] payload) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      mac.update(before);
      return mac.doFinal(payload);
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException("every Java has HmacSHA256", impossible);
    }
  }

  private static byte[] fromBase64(String text) {
    try {
      return Base64.getDecoder().decode(text);
    } catch (IllegalArgumentException unreadable) {
      return UNREADABLE;
    }
  }

  private static byte[] fromHex(String text) {
    try {
      return HexFormat.of().parseHex(text);
    } catch (IllegalArgumentException unreadable) {
      return UNREADABLE;
    }
  }
}
