package dev.gatehouse.client;

import java.time.Duration;
import java.util.Optional;

/** An answer that is no success, or no answer at all. Its subclasses say which sort; none holds a secret. */
public class GatehouseException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final Denial denial;

  GatehouseException(Denial denial) {
    super(denial.describe());
    this.denial = denial;
  }

  GatehouseException(String problem) {
    this(new Denial("unknown", 0, null, problem, null, null));
  }

  /** Canonical: the same on every platform, as invalid_api_key or rate_limited; else unknown. */
  public String reason() {
    return denial.reason();
  }

  /** Of HTTP; 0 where there was no answer. */
  public int status() {
    return denial.status();
  }

  /** In the platform's own words. */
  public Optional<String> code() {
    return Optional.ofNullable(denial.code());
  }

  /** What the answer said to people, or words of this package. */
  public String description() {
    return denial.message();
  }

  /** To tell the platform's support. */
  public Optional<String> requestId() {
    return Optional.ofNullable(denial.requestId());
  }

  /** In whole seconds, where the answer said so. */
  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(denial.retryAfter());
  }

  record Denial(
      String reason, int status, String code, String message, String requestId, Duration retryAfter)
      implements java.io.Serializable {
    String describe() {
      String text = status == 0 ? message : reason + " (" + status + "): " + message;
      return requestId == null ? text : text + " [request " + requestId + "]";
    }
  }
}
