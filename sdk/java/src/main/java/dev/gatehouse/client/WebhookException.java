package dev.gatehouse.client;

/** A delivery that must not be taken. */
public final class WebhookException extends Exception {
  private static final long serialVersionUID = 1;

  private final String reason;

  WebhookException(String reason) {
    super("webhook refused: " + reason);
    this.reason = reason;
  }

  /** missing_signature, malformed_signature, timestamp_out_of_tolerance or signature_mismatch. */
  public String reason() {
    return reason;
  }
}
