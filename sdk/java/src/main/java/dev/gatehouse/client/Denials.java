package dev.gatehouse.client;

import dev.gatehouse.client.GatehouseException.Denial;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Collection;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Turns answers that are no success into exceptions. */
final class Denials {
  private static final Pattern CHALLENGE = Pattern.compile("(?:^|[\\s,])error=\"([^\"]*)\"", Pattern.CASE_INSENSITIVE);
  private static final Map<Integer, String> OF_KEYS = Map.of(401, "invalid_api_key", 403, "insufficient_permission");
  private static final Map<Integer, String> OF_TOKENS = Map.of(401, "invalid_token", 403, "insufficient_scope");
  private static final Map<Integer, String> OF_ANY =
      Map.of(
          400, "malformed_request", 429, "rate_limited", 502, "upstream_unreachable",
          503, "temporarily_unavailable", 504, "upstream_timeout");
  /** A time longer than this says no more than this. */
  private static final BigDecimal LONGEST_WAIT_SECONDS = BigDecimal.valueOf(1_000_000_000);

  private Denials() {}

  /**
   * @param credential as the error table has it: api_key or token
   * @param secrets must not come back, whatever the answer repeats
   */
  static GatehouseException read(
      Response answer, Platform platform, String credential, Collection<String> secrets, Instant now) {
    Object body = Json.readOrNull(answer.text());
    String code = text(Json.at(body, platform.errorBody().code()));
    String message = text(Json.at(body, platform.errorBody().message()));
    if (code == null && Json.at(body, "error") instanceof String oauthCode) {
      code = oauthCode;
      message = text(Json.at(body, "error_description"));
    }
    String reason = reasonOf(answer, platform, credential, code, message);
    String said = message == null ? "the answer was " + answer.status() : masked(message, secrets);
    Duration retryAfter =
        retryAfter(answer.header("retry-after").orElse(""), Json.at(body, platform.errorBody().retryAfter()), now);
    String requestId = masked(answer.header("x-request-id").orElse(null), secrets);
    return classified(new Denial(reason, answer.status(), masked(code, secrets), said, requestId, retryAfter));
  }

  private static GatehouseException classified(Denial denial) {
    if (denial.reason().equals("not_entitled")) return new NotEntitledException(denial);
    if (denial.status() >= 500) return new ServerException(denial);
    return switch (denial.status()) {
      case 401 -> new AuthenticationException(denial);
      case 403 -> new ForbiddenException(denial);
      case 429 -> new RateLimitException(denial);
      default -> new GatehouseException(denial);
    };
  }

  private static String text(Object value) {
    return value instanceof String text ? text : null;
  }

  private static String masked(String text, Collection<String> secrets) {
    String masked = text;
    for (String secret : secrets) {
      // A shorter one may be a word of the message by chance, and is no secret anyway.
      if (masked != null && secret.length() >= 8) masked = masked.replace(secret, "[redacted]");
    }
    return masked;
  }

  private static String reasonOf(
      Response answer, Platform platform, String credential, String code, String message) {
    Matcher match = CHALLENGE.matcher(String.join(", ", answer.headers("www-authenticate")));
    String challenge = match.find() ? match.group(1) : null;
    for (Platform.ErrorRow row : platform.errorTable()) {
      if (row.status() == answer.status()
          && row.code().equals(code)
          && fits(row.message(), message)
          && fits(row.credential(), credential)
          && fits(row.challenge(), challenge)) {
        return row.reason();
      }
    }
    Map<Integer, String> own = credential.equals("api_key") ? OF_KEYS : OF_TOKENS;
    return own.getOrDefault(answer.status(), OF_ANY.getOrDefault(answer.status(), "unknown"));
  }

  private static boolean fits(String wanted, String found) {
    return wanted == null || wanted.equals(found);
  }

  /** Seconds or an HTTP date (RFC 9110 §10.2.3), rounded up, never below 0. */
  private static Duration retryAfter(String header, Object inBody, Instant now) {
    if (header.matches("[0-9]{1,100}")) return inSeconds(new BigDecimal(header));
    try {
      Instant date = ZonedDateTime.parse(header, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
      return inSeconds(BigDecimal.valueOf(Math.ceil(Duration.between(now, date).toMillis() / 1000.0)));
    } catch (DateTimeParseException noDate) {
      boolean isUsable = inBody instanceof Double seconds && seconds >= 0 && !seconds.isInfinite();
      return isUsable ? inSeconds(BigDecimal.valueOf(Math.ceil((Double) inBody))) : null;
    }
  }

  private static Duration inSeconds(BigDecimal seconds) {
    return Duration.ofSeconds(seconds.max(BigDecimal.ZERO).min(LONGEST_WAIT_SECONDS).longValue());
  }
}
