package dev.gatehouse.client;

/** 401: no credential, or one that isn't good. */
public final class AuthenticationException extends GatehouseException {
  private static final long serialVersionUID = 1;

  AuthenticationException(Denial denial) {
    super(denial);
  }
}
