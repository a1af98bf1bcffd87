package dev.gatehouse.client;

/** 429: a rate limit or a quota is used up. */
public final class RateLimitException extends GatehouseException {
  private static final long serialVersionUID = 1;

  RateLimitException(Denial denial) {
    super(denial);
  }
}
