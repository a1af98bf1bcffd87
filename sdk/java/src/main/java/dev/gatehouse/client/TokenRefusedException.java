package dev.gatehouse.client;

/** A request that must not be let through, with the answer it is to get (RFC 6750 §3). */
public final class TokenRefusedException extends Exception {
  private static final long serialVersionUID = 1;

  private final int status;
  private final String code;
  private final String challenge;

  private TokenRefusedException(int status, String code, String challenge, String message) {
    super(message);
    this.status = status;
    this.code = code;
    this.challenge = challenge;
  }

  static TokenRefusedException missing() {
    return new TokenRefusedException(401, "missing_credential", "Bearer", "A credential is required");
  }

  static TokenRefusedException invalid() {
    String message = "The credential is not valid here, or no longer";
    return new TokenRefusedException(401, "invalid_token", "Bearer error=\"invalid_token\"", message);
  }

  static TokenRefusedException lacking(String... scopes) {
    String challenge = "Bearer error=\"insufficient_scope\", scope=\"" + String.join(" ", scopes) + "\"";
    return new TokenRefusedException(403, "insufficient_scope", challenge, "The credential may not do this");
  }

  static TokenRefusedException unavailable() {
    String message = "The credential can't be checked at the moment";
    return new TokenRefusedException(503, "temporarily_unavailable", null, message);
  }

  /** 401, 403, or 503 while nobody can tell. */
  public int status() {
    return status;
  }

  /** missing_credential, invalid_token, insufficient_scope or temporarily_unavailable. */
  public String code() {
    return code;
  }

  /** The value of WWW-Authenticate; null for 503. */
  public String challenge() {
    return challenge;
  }

  /** A body of JSON. */
  public String body() {
    return Json.write(java.util.Map.of("error", code, "message", getMessage()));
  }
}
